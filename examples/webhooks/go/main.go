// A receiver of Claimcheck's webhooks in Go: verify, keep, answer; work on it afterwards.
//
//	go mod tidy
//	CLAIMCHECK_WEBHOOK_SECRET=whsec_… go run .      (during a rotation: both secrets, a space between)
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

const maxBytes = 1_000_000 // Claimcheck sends less: a longer result is a link

// verifier is what a *standardwebhooks.Webhook does for a receiver.
type verifier interface {
	Verify(payload []byte, headers http.Header) error
}

type receiver struct {
	secrets []verifier
	inbox   string
}

type event struct {
	Type string `json:"type"`
	Data struct {
		JobID string `json:"job_id"`
	} `json:"data"`
}

// ServeHTTP answers 2xx only for what is verified and kept; anything else comes again.
func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	if request.Method != http.MethodPost {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	// The raw bytes: JSON that was parsed and written again is not what was signed.
	body, err := io.ReadAll(http.MaxBytesReader(w, request.Body, maxBytes))
	if err != nil {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	var happened event
	if !r.verified(body, request.Header) || json.Unmarshal(body, &happened) != nil {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	isNew, err := r.keep(request.Header.Get("webhook-id"), body)
	if err != nil {
		log.Print(err)
		w.WriteHeader(http.StatusInternalServerError) // it comes again
		return
	}
	word := "duplicate"
	if isNew {
		word = "new"
	}
	fmt.Println(happened.Type, happened.Data.JobID, word)
	w.WriteHeader(http.StatusNoContent) // at once: who works first and answers later is asked again meanwhile
}

// verified tells whether one of the secrets signed these bytes within the last five minutes.
func (r *receiver) verified(body []byte, headers http.Header) bool {
	for _, secret := range r.secrets {
		if secret.Verify(body, headers) == nil {
			return true
		}
	}
	return false
}

// keep stores an event for the work that follows; false where it is here already. In a system with a database
// this is one INSERT into a table whose primary key is the webhook-id. Here it is a file: written whole, then
// given its name, which only one can have.
func (r *receiver) keep(webhookID string, body []byte) (bool, error) {
	draft, err := os.CreateTemp(r.inbox, ".draft-*")
	if err != nil {
		return false, err
	}
	defer os.Remove(draft.Name())
	defer draft.Close()
	if _, err := draft.Write(body); err != nil {
		return false, err
	}
	if err := draft.Sync(); err != nil {
		return false, err
	}
	err = os.Link(draft.Name(), filepath.Join(r.inbox, webhookID+".json"))
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	return err == nil, err
}

func main() {
	r := &receiver{inbox: setting("INBOX", "inbox")}
	for _, secret := range strings.Fields(os.Getenv("CLAIMCHECK_WEBHOOK_SECRET")) {
		webhook, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			log.Fatal("CLAIMCHECK_WEBHOOK_SECRET holds something that is no webhook secret")
		}
		r.secrets = append(r.secrets, webhook)
	}
	if len(r.secrets) == 0 {
		log.Fatal("set CLAIMCHECK_WEBHOOK_SECRET to whsec_…")
	}
	if err := os.MkdirAll(r.inbox, 0o700); err != nil {
		log.Fatal(err)
	}
	server := &http.Server{
		Addr:        "127.0.0.1:" + setting("PORT", "8000"),
		Handler:     r,
		ReadTimeout: 15 * time.Second,
	}
	log.Fatal(server.ListenAndServe())
}

func setting(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}
