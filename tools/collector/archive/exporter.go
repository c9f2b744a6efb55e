// Package archive stores what it gets as OTLP JSON in a bucket of Google Cloud or AWS, one object a batch, before it returns: a
// receiver in front of it answers success only for what can be read back.
//
// The name of an object is made of its content, and no object is ever replaced: a batch that is sent twice is stored once, wherever the
// bucket tells "it is there" from "you may not".
package archive

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// A store puts an object where none of its name is; one that is there already is what was meant.
type store interface {
	put(ctx context.Context, key string, body []byte) error
}

// NewFactory makes `archive` exporters for traces, and for metrics: what the collector counts of itself.
func NewFactory() exporter.Factory {
	return exporter.NewFactory(
		component.MustNewType("archive"),
		func() component.Config { return &Config{Timeout: 8 * time.Second} },
		exporter.WithTraces(newTraces, component.StabilityLevelStable),
		exporter.WithMetrics(newMetrics, component.StabilityLevelStable),
	)
}

type archive struct {
	config *Config
	store  store
}

func (a *archive) start(ctx context.Context, _ component.Host) (err error) {
	if a.config.Cloud == "gcp" {
		a.store, err = newCloudStorage(a.config)
	} else {
		a.store, err = newS3(ctx, a.config)
	}
	return err
}

func (a *archive) options() []exporterhelper.Option {
	return []exporterhelper.Option{
		exporterhelper.WithStart(a.start),
		exporterhelper.WithCapabilities(consumer.Capabilities{MutatesData: false}),
		exporterhelper.WithTimeout(exporterhelper.TimeoutConfig{Timeout: a.config.Timeout}),
		// No queue and no retry here: whoever sent the batch still has it, and hears of the failure.
	}
}

func newTraces(ctx context.Context, settings exporter.Settings, config component.Config) (exporter.Traces, error) {
	a := &archive{config: config.(*Config)}
	marshaler := &ptrace.JSONMarshaler{}
	push := func(ctx context.Context, traces ptrace.Traces) error {
		if traces.SpanCount() == 0 {
			return nil
		}
		body, err := marshaler.MarshalTraces(traces)
		if err != nil {
			return err
		}
		return a.store.put(ctx, keyOf("traces", earliestSpan(traces), body), body)
	}
	return exporterhelper.NewTraces(ctx, settings, config, push, a.options()...)
}

func newMetrics(ctx context.Context, settings exporter.Settings, config component.Config) (exporter.Metrics, error) {
	a := &archive{config: config.(*Config)}
	marshaler := &pmetric.JSONMarshaler{}
	push := func(ctx context.Context, metrics pmetric.Metrics) error {
		body, err := marshaler.MarshalMetrics(metrics)
		if err != nil {
			return err
		}
		return a.store.put(ctx, keyOf("metrics", time.Now(), body), body)
	}
	return exporterhelper.NewMetrics(ctx, settings, config, push, a.options()...)
}

// keyOf depends on the batch and its time alone: a trace that is sent again an hour later has the same name.
func keyOf(kind string, at time.Time, body []byte) string {
	digest := sha256.Sum256(body)
	return fmt.Sprintf("%s/%s/%s.json", kind, at.UTC().Format("2006/01/02/15"), hex.EncodeToString(digest[:16]))
}

func earliestSpan(traces ptrace.Traces) time.Time {
	var earliest time.Time
	for _, resource := range traces.ResourceSpans().All() {
		for _, scope := range resource.ScopeSpans().All() {
			for _, span := range scope.Spans().All() {
				earliest = earlier(earliest, span.StartTimestamp().AsTime())
			}
		}
	}
	return earliest
}

func earlier(known, other time.Time) time.Time {
	if known.IsZero() || other.Before(known) {
		return other
	}
	return known
}
