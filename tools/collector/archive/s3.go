package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

type s3Store struct {
	client *s3.Client
	bucket string
}

// Credentials are the task role's, from the address that the platform names in the environment.
func newS3(ctx context.Context, settings *Config) (*s3Store, error) {
	loaded, err := config.LoadDefaultConfig(ctx, config.WithRegion(settings.Region))
	if err != nil {
		return nil, fmt.Errorf("no AWS credentials: %w", err)
	}
	return &s3Store{client: s3.NewFromConfig(loaded), bucket: settings.Bucket}, nil
}

// put is a conditional write: docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
func (s *s3Store) put(ctx context.Context, key string, body []byte) error {
	_, err := s.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket:      aws.String(s.bucket),
		Key:         aws.String(key),
		Body:        bytes.NewReader(body),
		ContentType: aws.String("application/json"),
		IfNoneMatch: aws.String("*"),
	})
	var refused *awshttp.ResponseError
	if errors.As(err, &refused) && refused.HTTPStatusCode() == http.StatusPreconditionFailed {
		return nil
	}
	if err != nil {
		return fmt.Errorf("s3://%s/%s was not stored: %w", s.bucket, key, err)
	}
	return nil
}
