// What gorilla/sessions does for a request, timed as the other contenders are: from when the application gets a request until it has answered.
//
// It reads how many rounds to go through from each line, and answers with the nanoseconds they took.
package main

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/sessions"
)

var store = sessions.NewCookieStore(
	[]byte("This is the key of a benchmark.\x01"),
	[]byte("This is the key of a benchmark.\x02"),
)

// The same data as the others keep, value by value, as is the way there.
var samples = map[string]map[interface{}]interface{}{
	"64": {
		"user":   uint64(8134001),
		"visits": uint64(100),
		"locale": "en-GB",
		"theme":  "dark",
		"csrf":   "5f0c1e6c9fd3",
	},
	"300": {
		"user":      uint64(8134001),
		"name":      "Ada Lovelace",
		"email":     "ada.lovelace@analytical.example",
		"roles":     []string{"admin", "editor", "billing"},
		"csrf":      "5f0c1e6c9fd34f1a8f0f3d1c77aa99b25f0c1e6c9fd34f1a8f0f3d1c77aa99b2",
		"locale":    "en-GB",
		"theme":     "dark",
		"cart":      []uint32{10001, 10002, 10003, 70000, 9},
		"return_to": "/account/orders?page=2&sort=date&filter=open&from=2026-01",
		"visits":    uint64(100),
		"seen":      uint64(1700000000),
	},
}

func begin(sample map[interface{}]interface{}) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		session, _ := store.Get(r, "bench")
		for key, value := range sample {
			session.Values[key] = value
		}
		save(session, w, r)
	}
}

func untouched(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprint(w, "ok")
}

func read(w http.ResponseWriter, r *http.Request) {
	session, err := store.Get(r, "bench")
	visits, held := session.Values["visits"].(uint64)
	if err != nil || !held {
		http.Error(w, "no session", http.StatusInternalServerError)
		return
	}
	fmt.Fprint(w, visits)
}

func modify(w http.ResponseWriter, r *http.Request) {
	session, err := store.Get(r, "bench")
	visits, held := session.Values["visits"].(uint64)
	if err != nil || !held {
		http.Error(w, "no session", http.StatusInternalServerError)
		return
	}
	session.Values["visits"] = visits + 1
	save(session, w, r)
}

func save(session *sessions.Session, w http.ResponseWriter, r *http.Request) {
	if err := session.Save(r, w); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	fmt.Fprint(w, "ok")
}

// A browser with the cookies that the others' visitor has.
type visitor struct {
	app     http.Handler
	session string
}

func (v *visitor) ask(path string) time.Duration {
	r := httptest.NewRequest("GET", path, nil)
	r.Header.Set("Cookie", "_ga=GA1.2.1234567890.1700000000; theme=dark; "+v.session+
		"consent=yes; lang=en-GB; utm=spring-campaign-2026")
	w := httptest.NewRecorder()
	begun := time.Now()
	v.app.ServeHTTP(w, r)
	took := time.Since(begun)
	if w.Code != http.StatusOK {
		fmt.Fprintln(os.Stderr, path, w.Code, w.Body)
		os.Exit(1)
	}
	if line := w.Header().Get("Set-Cookie"); line != "" {
		v.session = strings.SplitN(line, ";", 2)[0] + "; "
	}
	return took
}

func main() {
	path, size := os.Args[1], os.Args[2]
	app := http.NewServeMux()
	app.HandleFunc("/begin", begin(samples[size]))
	app.HandleFunc("/untouched", untouched)
	app.HandleFunc("/read", read)
	app.HandleFunc("/modify", modify)
	v := visitor{app: app}
	v.ask("/begin")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		rounds, err := strconv.Atoi(lines.Text())
		if err != nil {
			os.Exit(2)
		}
		var took time.Duration
		for ; rounds > 0; rounds-- {
			took += v.ask(path)
		}
		fmt.Println(took.Nanoseconds())
	}
}
