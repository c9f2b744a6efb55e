package main

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/service/telemetry"
	"go.opentelemetry.io/collector/service/telemetry/otelconftelemetry"
)

// selfTold makes the collector's own telemetry, which it sends to itself. Metrics end after the receiver that takes them, so the last ones
// have nowhere to go: that is no failure of the program, which would end with an error otherwise.
type selfTold struct{ telemetry.Factory }

func newTelemetry() telemetry.Factory { return selfTold{otelconftelemetry.NewFactory()} }

func (s selfTold) CreateMeterProvider(ctx context.Context, settings telemetry.MeterSettings, config component.Config) (telemetry.MeterProvider, error) {
	provider, err := s.Factory.CreateMeterProvider(ctx, settings, config)
	return endsQuietly{provider}, err
}

type endsQuietly struct{ telemetry.MeterProvider }

func (e endsQuietly) Shutdown(ctx context.Context) error {
	_ = e.MeterProvider.Shutdown(ctx)
	return nil
}
