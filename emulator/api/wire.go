package api

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
	"time"

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
	readTimeout     = 10 * time.Second
	longestRequest  = 1 << 20
	internalFailure = "InternalFailure"
	requestID       = "00000000-0000-4000-8000-000000000000"
)

// protocol is how requests and responses are written.
// Sources: https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html, .../aws-query-protocol.html and
// https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html.
type protocol string

const (
	jsonRPC protocol = "application/x-amz-json-1.1"
	query   protocol = "text/xml"
	cborRPC protocol = "application/cbor"
)

// request is a request that was read as far as its protocol goes.
type request struct {
	protocol  protocol
	service   string
	schema    *smithy.ServiceSchema
	operation string
	input     any // maps, lists, texts and numbers
}

// readRequest finds out what is asked. The request that comes with an error tells how to answer it.
func readRequest(r *http.Request) (request, error) {
	q := request{protocol: jsonRPC}
	body, err := io.ReadAll(io.LimitReader(r.Body, longestRequest))
	if err != nil {
		return q, refuse("IncompleteSignature", "reading the request: %v", err)
	}
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		name, operation, _ := strings.Cut(target, ".")
		q.operation = operation
		q.find(func(s *smithy.ServiceSchema) bool { return s.Schema.ID().Name == name })
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.UseNumber()
		if err := decoder.Decode(&q.input); err != nil && !errors.Is(err, io.EOF) {
			return q, refuse("SerializationException", "%v", err)
		}
	} else if r.Header.Get("Smithy-Protocol") == "rpc-v2-cbor" {
		q.protocol = cborRPC
		parts := strings.Split(r.URL.Path, "/") // /service/NAME/operation/NAME
		if len(parts) == 5 {
			q.operation = parts[4]
			q.find(func(s *smithy.ServiceSchema) bool { return s.Schema.ID().Name == parts[2] })
		}
		if len(body) > 0 {
			value, err := cbor.Decode(body)
			if err != nil {
				return q, refuse("SerializationException", "%v", err)
			}
			q.input = plainCBOR(value)
		}
	} else {
		q.protocol = query
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return q, refuse("MalformedQueryString", "%v", err)
		}
		version := form.Get("Version")
		q.operation = form.Get("Action")
		q.find(func(s *smithy.ServiceSchema) bool { return s.Version == version })
		delete(form, "Action")
		delete(form, "Version")
		q.input = formTree(form)
	}
	if q.schema == nil {
		return q, refuse("UnknownOperationException", "the emulator has no such service: %s %s", r.Header.Get("X-Amz-Target"), r.URL.Path)
	}
	return q, nil
}

func (q *request) find(is func(*smithy.ServiceSchema) bool) {
	for name, schema := range services {
		if is(schema) {
			q.service, q.schema = name, schema
		}
	}
}

// answer writes an output. The SDK has serialisers for requests only, but a serialiser does not care what it writes.
func (q request) answer(w http.ResponseWriter, out serializable) {
	body, err := q.encode(out)
	if err != nil {
		q.refuse(w, err)
		return
	}
	q.write(w, http.StatusOK, body)
}

func (q request) encode(out serializable) ([]byte, error) {
	var p smithyhttp.ClientProtocol
	switch q.protocol {
	case jsonRPC:
		p = awsjson.New11(q.schema)
	case cborRPC:
		p = rpcv2.NewCBOR(q.schema)
	default:
		p = restxml.New(smithy.NewServiceSchema(smithy.NewSchema(smithy.ShapeID{}, smithy.ShapeTypeService, 0), ""))
	}
	shape := smithy.NewSchema(smithy.ShapeID{Name: q.operation}, smithy.ShapeTypeOperation, 0, &traits.HTTP{Method: http.MethodPost, URI: "/"})
	schema := smithy.NewOperationSchema(shape, smithy.NewSchema(smithy.ShapeID{}, smithy.ShapeTypeStructure, 0), nil)
	sheet, _ := smithyhttp.NewStackRequest().(*smithyhttp.Request)
	if err := p.SerializeRequest(middleware.WithOperationName(context.Background(), q.operation), schema, out, sheet); err != nil {
		return nil, fmt.Errorf("writing the response: %w", err)
	}
	var body []byte
	if stream := sheet.GetStream(); stream != nil {
		var err error
		if body, err = io.ReadAll(stream); err != nil {
			return nil, err
		}
	}
	if q.protocol == query {
		// The element of the output's own name gives way to those of the Query protocol.
		inner := body[bytes.IndexByte(body, '>')+1 : max(bytes.LastIndexByte(body, '<'), bytes.IndexByte(body, '>')+1)]
		body = fmt.Appendf(nil, "<%[1]sResponse><%[1]sResult>%[2]s</%[1]sResult><ResponseMetadata><RequestId>%[3]s</RequestId></ResponseMetadata></%[1]sResponse>",
			q.operation, inner, requestID)
	}
	return body, nil
}

// refuse writes an error.
func (q request) refuse(w http.ResponseWriter, problem error) {
	e := asError(problem)
	status := http.StatusBadRequest
	switch {
	case e.Code == internalFailure:
		status = http.StatusInternalServerError
	case q.protocol == query && (strings.Contains(e.Code, "Token") || strings.HasPrefix(e.Code, "AccessDenied") || strings.HasPrefix(e.Code, "Signature")):
		status = http.StatusForbidden
	}
	var body []byte
	switch q.protocol {
	case query:
		var text bytes.Buffer
		_ = xml.EscapeText(&text, []byte(e.Message)) // a buffer takes everything
		body = fmt.Appendf(nil, "<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>%s</RequestId></ErrorResponse>",
			e.Code, text.String(), requestID)
	case cborRPC:
		body = cbor.Encode(cbor.Map{"__type": cbor.String(e.Code), "message": cbor.String(e.Message), "Message": cbor.String(e.Message)})
	default:
		// The services do not agree on how the member is written; each shape reads the one it has.
		body, _ = json.Marshal(map[string]string{"__type": e.Code, "message": e.Message, "Message": e.Message}) // texts always encode
	}
	q.write(w, status, body)
}

func (q request) write(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", string(q.protocol))
	w.Header().Set("X-Amzn-RequestId", requestID)
	if q.protocol == cborRPC {
		w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that is gone needs no answer
}

func refuse(code, format string, args ...any) error {
	return &account.Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

func asError(err error) *account.Error {
	var known *account.Error
	if errors.As(err, &known) {
		return known
	}
	return &account.Error{Code: internalFailure, Message: err.Error()}
}
