package api

import (
	"context"

	"sallyport/internal/api/openapi"
	"sallyport/internal/fault"
)

// ReportDelivery hears from Twilio what became of a message.
func (s *Server) ReportDelivery(ctx context.Context, r openapi.ReportDeliveryRequestObject) (openapi.ReportDeliveryResponseObject, error) {
	if s.Reports == nil {
		return nil, fault.ErrNotFound
	}
	signature := ""
	if r.Params.XTwilioSignature != nil {
		signature = *r.Params.XTwilioSignature
	}
	if err := s.Reports.Report(ctx, r.Params.Message, signature, formOf(ctx)); err != nil {
		return nil, err
	}
	return openapi.ReportDelivery204Response{}, nil
}
