// Package twilio is a double of Twilio's REST API, version 2010-04-01, as Twilio publishes it: messages and calls of one
// account, with its checks, its JSON and its errors, and with reports signed as Twilio signs them.
//
// It owns no part of the program and shares no code with Twilio's library, so that a mistake of the library, or of ours in using
// it, shows. What it answers can be scripted; it refuses, as Twilio does, what is not authenticated, not a form, or incomplete.
package twilio

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// The account. It exists nowhere.
const (
	AccountSID = "AC00000000000000000000000000000000"
	AuthToken  = "0123456789abcdef0123456789abcdef"
	From       = "+15005550006" // the sender of Twilio's own test accounts
)

// Server is the API of one account.
type Server struct {
	URL string // of the API: "http://127.0.0.1:PORT"

	server *httptest.Server
	mu     sync.Mutex
	answer func(Request) Answer
	now    func() time.Time
	log    []Request
	sent   []*Sent
}

// Request is one that arrived, whatever was answered.
type Request struct {
	N            int // counts from 1
	Method, Path string
	Form         url.Values // or the query of a GET
	Authorised   bool
}

// Sends says that the request asks for a message or a call.
func (r Request) Sends() bool { return r.Method == http.MethodPost }

// Sent is a message or a call that the account has.
type Sent struct {
	SID     string
	Voice   bool
	Form    url.Values
	To      string
	Body    string // of a message; of a call its TwiML
	Status  string
	Code    int // error_code
	Created time.Time
}

// Answer is what the server does with a request. The zero value does what Twilio does.
type Answer struct {
	Status  int           // of an error; 0: none
	Code    int           // Twilio's
	Message string        // Twilio's
	HTML    bool          // a proxy's page instead of JSON
	Wait    chan struct{} // until this is closed, whether or not the client is still there
	Done    chan struct{} // closed when the server has done what it was asked for
	Accept  bool          // take what is asked for although the answer is an error, or is cut
	Cut     bool          // end the connection without an answer
	CutBody bool          // end it in the middle of the answer
}

// The errors, in Twilio's words. %s stands for the number.
var (
	NotANumber   = Answer{Status: 400, Code: 21211, Message: "The 'To' number %s is not a valid phone number."}
	NotMobile    = Answer{Status: 400, Code: 21614, Message: "'To' number is not a valid mobile number"}
	Unsubscribed = Answer{Status: 400, Code: 21610, Message: "Attempt to send to unsubscribed recipient"}
	TooMany      = Answer{Status: 429, Code: 20429, Message: "Too Many Requests"}
	Broken       = Answer{Status: 500, Code: 20500, Message: "An internal server error has occurred"}
	Unauthorised = Answer{Status: 401, Code: 20003, Message: "Authenticate"}
	BadGateway   = Answer{Status: 502, HTML: true}
	Cut          = Answer{Cut: true}
	CutAccepted  = Answer{Cut: true, Accept: true}
)

// New runs the API until the test ends.
func New(t testing.TB) *Server {
	t.Helper()
	s := &Server{now: time.Now}
	s.server = httptest.NewServer(http.HandlerFunc(s.serve))
	s.URL = s.server.URL
	t.Cleanup(s.server.Close)
	return s
}

// Script has f decide what is answered.
func (s *Server) Script(f func(Request) Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = f
}

// Clock sets the clock by which things are dated.
func (s *Server) Clock(now func() time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = now
}

// Requests are those that arrived.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.log)
}

// Sent are the messages and calls of the account, oldest first.
func (s *Server) Sent() []Sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Sent, len(s.sent))
	for i, m := range s.sent {
		out[i] = *m
	}
	return out
}

// Blot hides what messages say, as an account with redaction does.
func (s *Server) Blot() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.sent {
		m.Body = "XXXX"
	}
}

const version = "/2010-04-01"

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	request, problem := s.read(r)
	s.mu.Lock()
	request.N = len(s.log) + 1
	s.log = append(s.log, request)
	script := s.answer
	s.mu.Unlock()
	var a Answer
	if script != nil {
		a = script(request)
	}
	if a.Wait != nil {
		<-a.Wait
	}
	done := a.Done
	if a.Status == 0 && !a.Cut {
		if problem == nil {
			problem = s.refusal(request)
		}
		if problem != nil {
			a = *problem
		}
	}
	var body map[string]any
	if (a.Status == 0 && !a.Cut) || a.Accept {
		body = s.do(request)
	}
	if done != nil {
		close(done)
	}
	switch {
	case a.Cut:
		panic(http.ErrAbortHandler)
	case a.HTML:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(a.Status)
		_, _ = io.WriteString(w, "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n")
	case a.Status != 0:
		message := a.Message
		if strings.Contains(message, "%s") {
			message = fmt.Sprintf(message, request.Form.Get("To"))
		}
		write(w, a.Status, map[string]any{"code": a.Code, "message": message,
			"more_info": "https://www.twilio.com/docs/errors/" + strconv.Itoa(a.Code), "status": a.Status}, false)
	case request.Sends():
		write(w, http.StatusCreated, body, a.CutBody)
	default:
		write(w, http.StatusOK, body, a.CutBody)
	}
}

func write(w http.ResponseWriter, status int, body map[string]any, cut bool) {
	raw, _ := json.Marshal(body)
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(raw)))
	w.WriteHeader(status)
	if cut {
		_, _ = w.Write(raw[:len(raw)/2])
		if f, ok := w.(http.Flusher); ok {
			f.Flush()
		}
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(raw)
}

// read takes a request apart; the answer is what is wrong with its form.
func (s *Server) read(r *http.Request) (Request, *Answer) {
	user, password, _ := r.BasicAuth()
	request := Request{Method: r.Method, Path: r.URL.Path, Form: r.URL.Query(), Authorised: user == AccountSID && password == AuthToken}
	if r.Method != http.MethodPost {
		return request, nil
	}
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return request, &Answer{Cut: true}
	}
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	form, err := url.ParseQuery(string(raw))
	if err != nil || media != "application/x-www-form-urlencoded" {
		return request, &Answer{Status: 400, Code: 20001, Message: "Bad request"}
	}
	request.Form = form
	return request, nil
}

var e164 = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// refusal is what Twilio refuses of itself.
func (s *Server) refusal(r Request) *Answer {
	messages, calls := version+"/Accounts/"+AccountSID+"/Messages.json", version+"/Accounts/"+AccountSID+"/Calls.json"
	switch {
	case !r.Authorised:
		return &Unauthorised
	case r.Path != messages && r.Path != calls:
		return &Answer{Status: 404, Code: 20404, Message: "The requested resource " + r.Path + " was not found"}
	case r.Method == http.MethodGet:
		return nil
	case r.Method != http.MethodPost:
		return &Answer{Status: 405, Code: 20004, Message: "Method not allowed"}
	}
	from := r.Form.Get("From")
	to, err := url.Parse(r.Form.Get("StatusCallback"))
	switch {
	case r.Form.Get("To") == "" && r.Path == calls:
		return &Answer{Status: 400, Code: 21201, Message: "No 'To' number is specified"}
	case r.Form.Get("To") == "":
		return &Answer{Status: 400, Code: 21604, Message: "A 'To' phone number is required."}
	case !e164.MatchString(r.Form.Get("To")):
		return &NotANumber
	case r.Form.Has("StatusCallback") && (err != nil || to.Host == "" || strings.Contains(to.Hostname(), "_")):
		return &Answer{Status: 400, Code: 21609, Message: "Invalid 'StatusCallback' URL"}
	case r.Path == calls && !e164.MatchString(from):
		return &Answer{Status: 400, Code: 21212, Message: "The source phone number provided, " + from + ", is not a valid phone number."}
	case r.Path == calls:
		if t := r.Form.Get("Twiml"); t == "" || len(t) > 4000 || xml.Unmarshal([]byte(t), new(struct {
			XMLName xml.Name `xml:"Response"`
		})) != nil {
			return &Answer{Status: 400, Code: 21205, Message: "Url parameter is required."}
		}
	case from == "" && !strings.HasPrefix(r.Form.Get("MessagingServiceSid"), "MG"):
		return &Answer{Status: 400, Code: 21603, Message: "A 'From' phone number is required."}
	case r.Form.Get("Body") == "":
		return &Answer{Status: 400, Code: 21602, Message: "Message body is required."}
	case len([]rune(r.Form.Get("Body"))) > 1600:
		return &Answer{Status: 400, Code: 21617, Message: "The concatenated message body exceeds the 1600 character limit"}
	case r.Form.Has("ValidityPeriod"):
		if n, err := strconv.Atoi(r.Form.Get("ValidityPeriod")); err != nil || n < 1 || n > 36000 {
			return &Answer{Status: 400, Code: 20001, Message: "Bad request"}
		}
	}
	return nil
}

// do takes what is asked for, or lists it.
func (s *Server) do(r Request) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	voice := strings.HasSuffix(r.Path, "/Calls.json")
	if !r.Sends() {
		size := 50
		if n, err := strconv.Atoi(r.Form.Get("PageSize")); err == nil {
			size = n
		}
		list := []map[string]any{}
		for _, m := range slices.Backward(s.sent) { // newest first
			if m.Voice == voice && (r.Form.Get("To") == "" || m.To == r.Form.Get("To")) && len(list) < size {
				list = append(list, m.json())
			}
		}
		uri := strings.TrimPrefix(r.Path, "/") + "?" + r.Form.Encode()
		return map[string]any{"end": len(list) - 1, "first_page_uri": "/" + uri, "next_page_uri": nil, "page": 0, "page_size": size,
			"previous_page_uri": nil, "start": 0, "uri": "/" + uri, map[bool]string{false: "messages", true: "calls"}[voice]: list}
	}
	m := &Sent{Voice: voice, Form: r.Form, To: r.Form.Get("To"), Body: r.Form.Get("Body"), Status: "queued", Created: s.now()}
	m.SID = fmt.Sprintf("SM%032x", len(s.sent)+1)
	if voice {
		m.SID, m.Body = fmt.Sprintf("CA%032x", len(s.sent)+1), r.Form.Get("Twiml")
	} else if r.Form.Has("MessagingServiceSid") {
		m.Status = "accepted"
	}
	s.sent = append(s.sent, m)
	return m.json()
}

func (m *Sent) json() map[string]any {
	created := m.Created.UTC().Format("Mon, 02 Jan 2006 15:04:05 +0000")
	common := map[string]any{"account_sid": AccountSID, "api_version": "2010-04-01", "date_created": created, "date_updated": created,
		"direction": "outbound-api", "from": orNull(m.Form.Get("From")), "price": nil, "price_unit": "USD", "sid": m.SID, "status": m.Status, "to": m.To}
	if m.Voice {
		maps.Copy(common, map[string]any{"annotation": nil, "answered_by": nil, "caller_name": nil, "duration": nil, "end_time": nil, "forwarded_from": nil,
			"from_formatted": m.Form.Get("From"), "group_sid": nil, "parent_call_sid": nil, "phone_number_sid": "", "queue_time": "0", "start_time": nil,
			"subresource_uris": map[string]any{}, "to_formatted": m.To, "trunk_sid": nil, "uri": version + "/Accounts/" + AccountSID + "/Calls/" + m.SID + ".json"})
		return common
	}
	var code any
	if m.Code != 0 {
		code = m.Code
	}
	maps.Copy(common, map[string]any{"body": m.Body, "date_sent": nil, "error_code": code, "error_message": nil,
		"messaging_service_sid": orNull(m.Form.Get("MessagingServiceSid")), "num_media": "0", "num_segments": "1",
		"subresource_uris": map[string]any{"media": version + "/Accounts/" + AccountSID + "/Messages/" + m.SID + "/Media.json"},
		"uri":              version + "/Accounts/" + AccountSID + "/Messages/" + m.SID + ".json"})
	return common
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// Report is what Twilio posts when something has come further: its address, and its form. code is 0 where there is no error.
func (s *Server) Report(m Sent, status string, code int) (address string, form url.Values) {
	s.mu.Lock()
	for _, known := range s.sent {
		if known.SID == m.SID {
			known.Status, known.Code = status, code
		}
	}
	s.mu.Unlock()
	form = url.Values{"AccountSid": {AccountSID}, "ApiVersion": {"2010-04-01"}, "From": {m.Form.Get("From")}, "To": {m.To}}
	if m.Voice {
		maps.Copy(form, url.Values{"CallSid": {m.SID}, "CallStatus": {status}, "Called": {m.To}, "Caller": {m.Form.Get("From")}, "Direction": {"outbound-api"},
			"CallbackSource": {"call-progress-events"}, "SequenceNumber": {"0"}, "Timestamp": {m.Created.UTC().Format(time.RFC1123Z)}})
	} else {
		maps.Copy(form, url.Values{"MessageSid": {m.SID}, "MessageStatus": {status}, "SmsSid": {m.SID}, "SmsStatus": {status}})
	}
	if code != 0 {
		form.Set("ErrorCode", strconv.Itoa(code))
	}
	return m.Form.Get("StatusCallback"), form
}

// Sign is X-Twilio-Signature: base64 of HMAC-SHA1, by the auth token, of the address and then each key with its value, the keys
// in the order of their letters.
func Sign(token, address string, form url.Values) string {
	text := address
	for _, key := range slices.Sorted(maps.Keys(form)) {
		text += key + form.Get(key)
	}
	mac := hmac.New(sha1.New, []byte(token))
	_, _ = io.WriteString(mac, text) // a hash takes everything
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// Post reports as Twilio does, to another address if one is given, and gives the status of the answer.
func Post(t testing.TB, address, signature string, form url.Values) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	r.Header.Set("User-Agent", "TwilioProxy/1.1")
	r.Header.Set("X-Twilio-Signature", signature)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	return answer.StatusCode
}
