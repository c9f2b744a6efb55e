// Package bodylimit answers 413 to a request whose body, once unpacked, is larger than allowed. The OTLP receiver itself says 400 there,
// which a sender cannot tell from a body that is not OTLP (RFC 9110 section 15.5.14).
package bodylimit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensionmiddleware"
)

// Config of the extension.
type Config struct {
	// MaxBytes is the largest body. Below the receiver's max_request_body_size, or that one answers first.
	MaxBytes int64 `mapstructure:"max_bytes"`
}

// Validate refuses a limit that would refuse everything.
func (config *Config) Validate() error {
	if config.MaxBytes <= 0 {
		return fmt.Errorf("max_bytes is %d; allowed is any number of bytes above 0", config.MaxBytes)
	}
	return nil
}

type limit struct {
	component.StartFunc
	component.ShutdownFunc
	maxBytes int64
}

var _ extensionmiddleware.HTTPServer = (*limit)(nil)

// NewFactory makes `bodylimit` extensions.
func NewFactory() extension.Factory {
	return extension.NewFactory(
		component.MustNewType("bodylimit"),
		func() component.Config { return &Config{} },
		func(_ context.Context, _ extension.Settings, config component.Config) (extension.Extension, error) {
			return &limit{maxBytes: config.(*Config).MaxBytes}, nil
		},
		component.StabilityLevelStable,
	)
}

// GetHTTPHandler reads the whole body before the receiver does, since the receiver holds all of it in memory anyway.
func (l *limit) GetHTTPHandler(context.Context) (extensionmiddleware.WrapHTTPHandlerFunc, error) {
	return func(_ context.Context, next http.Handler) (http.Handler, error) {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(io.LimitReader(r.Body, l.maxBytes+1))
			var tooLarge *http.MaxBytesError
			if errors.As(err, &tooLarge) || int64(len(body)) > l.maxBytes {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusRequestEntityTooLarge)
				fmt.Fprintf(w, `{"code":8,"message":"the body is larger than %d bytes: send smaller batches"}`, l.maxBytes)
				return
			}
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			next.ServeHTTP(w, r)
		}), nil
	}, nil
}
