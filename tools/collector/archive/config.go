package archive

import (
	"errors"
	"fmt"
	"time"
)

// Config of the exporter.
type Config struct {
	// Cloud whose object store the bucket is in: "gcp" (Cloud Storage) or "aws" (S3).
	Cloud string `mapstructure:"cloud"`
	// Bucket that exists; it is never created.
	Bucket string `mapstructure:"bucket"`
	// Region of an S3 bucket.
	Region string `mapstructure:"region"`
	// Timeout of storing one batch, retries included.
	Timeout time.Duration `mapstructure:"timeout"`
}

// Validate reports everything that is wrong.
func (config *Config) Validate() error {
	var problems []error
	if config.Cloud != "gcp" && config.Cloud != "aws" {
		problems = append(problems, fmt.Errorf(`cloud is %q; allowed are "gcp" and "aws"`, config.Cloud))
	}
	if config.Bucket == "" {
		problems = append(problems, errors.New("bucket is missing: the name of a bucket that exists"))
	}
	if config.Cloud == "aws" && config.Region == "" {
		problems = append(problems, errors.New("region is missing: that of the S3 bucket"))
	}
	if config.Timeout <= 0 {
		problems = append(problems, fmt.Errorf("timeout is %s; allowed is more than 0 s", config.Timeout))
	}
	return errors.Join(problems...)
}
