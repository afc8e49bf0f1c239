// Package wire reads and writes AWS's protocols on the server's side: AWS JSON 1.1, AWS Query and Smithy RPC with CBOR. Outputs are written by
// the SDK's own serialisers; inputs are read into the SDK's types by the names of their members.
package wire

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/encoding/cbor"
	"github.com/aws/smithy-go/middleware"
	"github.com/aws/smithy-go/traits"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"
	"github.com/aws/smithy-go/transport/http/protocol/restxml"
	"github.com/aws/smithy-go/transport/http/protocol/rpcv2"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

const (
	// LongestRequest is how many bytes of a request are read.
	LongestRequest = 1 << 20
	// InternalFailure is the code of an error that is none of AWS's.
	InternalFailure = "InternalFailure"

	requestID = "00000000-0000-4000-8000-000000000000"
)

// Protocol is how requests and responses are written.
// Sources: https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html, .../aws-query-protocol.html and
// https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html.
type Protocol string

// The protocols, by the type of their responses.
const (
	JSON  Protocol = "application/x-amz-json-1.1"
	Query Protocol = "text/xml"
	CBOR  Protocol = "application/cbor"
)

// Request is a request that was read as far as its protocol goes.
type Request struct {
	Protocol  Protocol
	Service   string
	Schema    *smithy.ServiceSchema
	Operation string
	Input     any // maps, lists, texts and numbers
}

// Read finds out what is asked. The request that comes with an error tells how to answer it.
func Read(r *http.Request, services map[string]*smithy.ServiceSchema) (Request, error) {
	q := Request{Protocol: JSON}
	body, err := io.ReadAll(io.LimitReader(r.Body, LongestRequest))
	if err != nil {
		return q, Refuse("IncompleteSignature", "reading the request: %v", err)
	}
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		name, operation, _ := strings.Cut(target, ".")
		q.Operation = operation
		q.find(services, func(s *smithy.ServiceSchema) bool { return s.Schema.ID().Name == name })
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.UseNumber()
		if err := decoder.Decode(&q.Input); err != nil && !errors.Is(err, io.EOF) {
			return q, Refuse("SerializationException", "%v", err)
		}
	} else if r.Header.Get("Smithy-Protocol") == "rpc-v2-cbor" {
		q.Protocol = CBOR
		parts := strings.Split(r.URL.Path, "/") // /service/NAME/operation/NAME
		if len(parts) == 5 {
			q.Operation = parts[4]
			q.find(services, func(s *smithy.ServiceSchema) bool { return s.Schema.ID().Name == parts[2] })
		}
		if len(body) > 0 {
			value, err := cbor.Decode(body)
			if err != nil {
				return q, Refuse("SerializationException", "%v", err)
			}
			q.Input = plainCBOR(value)
		}
	} else {
		q.Protocol = Query
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return q, Refuse("MalformedQueryString", "%v", err)
		}
		version := form.Get("Version")
		q.Operation = form.Get("Action")
		q.find(services, func(s *smithy.ServiceSchema) bool { return s.Version == version })
		delete(form, "Action")
		delete(form, "Version")
		q.Input = formTree(form)
	}
	if q.Schema == nil {
		return q, Refuse("UnknownOperationException", "the emulator has no such service: %s %s", r.Header.Get("X-Amz-Target"), r.URL.Path)
	}
	return q, nil
}

func (q *Request) find(services map[string]*smithy.ServiceSchema, is func(*smithy.ServiceSchema) bool) {
	for name, schema := range services {
		if is(schema) {
			q.Service, q.Schema = name, schema
		}
	}
}

// Answer writes an output. The SDK has serialisers for requests only, but a serialiser does not care what it writes.
func (q Request) Answer(w http.ResponseWriter, out smithy.Serializable) {
	body, err := q.encode(out)
	if err != nil {
		q.Refuse(w, err)
		return
	}
	q.write(w, http.StatusOK, body)
}

func (q Request) encode(out smithy.Serializable) ([]byte, error) {
	var p smithyhttp.ClientProtocol
	switch q.Protocol {
	case JSON:
		p = awsjson.New11(q.Schema)
	case CBOR:
		p = rpcv2.NewCBOR(q.Schema)
	default:
		p = restxml.New(smithy.NewServiceSchema(smithy.NewSchema(smithy.ShapeID{}, smithy.ShapeTypeService, 0), ""))
	}
	shape := smithy.NewSchema(smithy.ShapeID{Name: q.Operation}, smithy.ShapeTypeOperation, 0, &traits.HTTP{Method: http.MethodPost, URI: "/"})
	schema := smithy.NewOperationSchema(shape, smithy.NewSchema(smithy.ShapeID{}, smithy.ShapeTypeStructure, 0), nil)
	sheet, _ := smithyhttp.NewStackRequest().(*smithyhttp.Request)
	if err := p.SerializeRequest(middleware.WithOperationName(context.Background(), q.Operation), schema, out, sheet); err != nil {
		return nil, fmt.Errorf("writing the response: %w", err)
	}
	var body []byte
	if stream := sheet.GetStream(); stream != nil {
		var err error
		if body, err = io.ReadAll(stream); err != nil {
			return nil, err
		}
	}
	if q.Protocol == Query {
		// The element of the output's own name gives way to those of the Query protocol.
		inner := body[bytes.IndexByte(body, '>')+1 : max(bytes.LastIndexByte(body, '<'), bytes.IndexByte(body, '>')+1)]
		body = fmt.Appendf(nil, "<%[1]sResponse><%[1]sResult>%[2]s</%[1]sResult><ResponseMetadata><RequestId>%[3]s</RequestId></ResponseMetadata></%[1]sResponse>",
			q.Operation, inner, requestID)
	}
	return body, nil
}

// Refuse writes an error.
func (q Request) Refuse(w http.ResponseWriter, problem error) {
	e := AsError(problem)
	status := http.StatusBadRequest
	switch {
	case e.Code == InternalFailure:
		status = http.StatusInternalServerError
	case q.Protocol == Query && (strings.Contains(e.Code, "Token") || strings.HasPrefix(e.Code, "AccessDenied") || strings.HasPrefix(e.Code, "Signature")):
		status = http.StatusForbidden
	}
	var body []byte
	switch q.Protocol {
	case Query:
		var text bytes.Buffer
		_ = xml.EscapeText(&text, []byte(e.Message)) // a buffer takes everything
		body = fmt.Appendf(nil, "<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>%s</RequestId></ErrorResponse>",
			e.Code, text.String(), requestID)
	case CBOR:
		body = cbor.Encode(cbor.Map{"__type": cbor.String(e.Code), "message": cbor.String(e.Message), "Message": cbor.String(e.Message)})
	default:
		// The services do not agree on how the member is written; each shape reads the one it has.
		body, _ = json.Marshal(map[string]string{"__type": e.Code, "message": e.Message, "Message": e.Message}) // texts always encode
	}
	q.write(w, status, body)
}

func (q Request) write(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", string(q.Protocol))
	w.Header().Set("X-Amzn-RequestId", requestID)
	if q.Protocol == CBOR {
		w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that is gone needs no answer
}

// Refuse is an error of AWS.
func Refuse(code, format string, args ...any) error {
	return &account.Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// AsError is an error as one of AWS: what is none is an internal failure.
func AsError(err error) *account.Error {
	var known *account.Error
	if errors.As(err, &known) {
		return known
	}
	return &account.Error{Code: InternalFailure, Message: err.Error()}
}
