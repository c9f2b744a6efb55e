package archive

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"
)

const (
	uploads = "https://storage.googleapis.com/upload/storage/v1/b/"
	scope   = "https://www.googleapis.com/auth/devstorage.read_write"
)

type cloudStorage struct {
	client *http.Client
	bucket string
}

// Credentials are the service account's, from the metadata server.
func newCloudStorage(settings *Config) (*cloudStorage, error) {
	// Tokens are renewed for as long as the process lives, so with no context that ends.
	tokens, err := google.DefaultTokenSource(context.Background(), scope)
	if err != nil {
		return nil, fmt.Errorf("no Google credentials: %w", err)
	}
	return &cloudStorage{client: oauth2.NewClient(context.Background(), tokens), bucket: settings.Bucket}, nil
}

// put only creates, so it needs no more than storage.objects.create
// (cloud.google.com/storage/docs/request-preconditions, ifGenerationMatch=0).
//
// Where an object of this name is there already, Cloud Storage may say so (412), or say first that who may only create may not replace
// (403): which, is not documented. So after a 403 the batch is stored under a name of its own, and a reader drops what it has seen.
func (s *cloudStorage) put(ctx context.Context, key string, body []byte) error {
	status, err := s.create(ctx, key, body)
	if status == http.StatusForbidden {
		status, err = s.create(ctx, strings.TrimSuffix(key, ".json")+"-"+rand.Text()+".json", body)
	}
	if status == http.StatusPreconditionFailed {
		return nil
	}
	return err
}

func (s *cloudStorage) create(ctx context.Context, key string, body []byte) (int, error) {
	query := url.Values{"uploadType": {"media"}, "name": {key}, "ifGenerationMatch": {"0"}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, uploads+url.PathEscape(s.bucket)+"/o?"+query.Encode(), bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := s.client.Do(request)
	if err != nil {
		return 0, fmt.Errorf("gs://%s/%s was not stored: %w", s.bucket, key, err)
	}
	defer response.Body.Close()
	words, err := io.ReadAll(io.LimitReader(response.Body, 2000))
	if err != nil {
		return 0, fmt.Errorf("gs://%s/%s: no answer whether it was stored: %w", s.bucket, key, err)
	}
	if response.StatusCode == http.StatusOK {
		return response.StatusCode, nil
	}
	return response.StatusCode, fmt.Errorf("gs://%s/%s was not stored: %d %s", s.bucket, key, response.StatusCode, words)
}
