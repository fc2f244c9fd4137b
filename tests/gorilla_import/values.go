// Writes values.jsonl: sessions of values of every kind, as gorilla/sessions keeps them, and what a reader should see.
//
//	GO111MODULE=off go run values.go > values.jsonl
package main

import (
	"encoding"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"sort"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"
)

type UserID int
type Role string
type Point struct{ X, Y float64 }
type Address struct {
	Street string
	Zip    *string
	Geo    *Point
}
type Person struct {
	First, Last string
	Age         int
	Logins      uint32
	Ratio       float32
	Wave        complex128
	Admin       bool
	Hash        []byte
	Digest      [4]byte
	Tags        []string
	Scores      map[string]int
	Home        Address
	Work        *Address
	Extra       interface{}
	Born        time.Time
	Seen        *time.Time
	Balance     *big.Int
	Role        Role
}
type Node struct {
	Name string
	Next *Node
	Kids []Node
}
type Tree map[string]Tree
type Packed struct{ A, B uint16 }

func (p Packed) MarshalBinary() ([]byte, error)  { return []byte{byte(p.A), byte(p.B), 0xff}, nil }
func (p *Packed) UnmarshalBinary(b []byte) error { return nil }

type Secret struct{ v string }

func (s Secret) GobEncode() ([]byte, error) { return []byte("gob:" + s.v), nil }
func (s *Secret) GobDecode(b []byte) error  { return nil }

type Holder struct {
	P  Packed
	S  *Secret
	Ps []Packed
	M  map[UserID]Secret
	A  [2]Point
	I  []interface{}
	PP **int
}
type Empty struct{}
type Visit struct {
	From   string
	At     *time.Time
	Amount *big.Int
}
type Inner1 struct{ Any interface{} }
type Inner2 struct {
	Any   interface{}
	After string
}

var timeType = reflect.TypeOf(time.Time{})

func encodes(v reflect.Value) ([]byte, bool) {
	i := v.Interface()
	if g, ok := i.(gob.GobEncoder); ok {
		b, err := g.GobEncode()
		if err != nil {
			panic(err)
		}
		return b, true
	}
	if g, ok := i.(encoding.BinaryMarshaler); ok {
		b, err := g.MarshalBinary()
		if err != nil {
			panic(err)
		}
		return b, true
	}
	return nil, false
}

// What a reader should see. name is what the value was registered as, if it stands in an interface.
func show(v reflect.Value, name string) string {
	if !v.IsValid() {
		return "nil"
	}
	t := v.Type()
	if t.Kind() == reflect.Interface {
		if v.IsNil() {
			return "nil"
		}
		e := v.Elem()
		return show(e, registered(e.Type()))
	}
	if t.Kind() == reflect.Ptr {
		if v.IsNil() {
			e := t.Elem()
			for e.Kind() == reflect.Ptr {
				e = e.Elem()
			}
			switch e.Kind() {
			case reflect.Struct:
				return "nil"
			}
			return show(reflect.Zero(e), "")
		}
		if _, ok := encodes(v); !ok || t.Elem() == timeType {
			return show(v.Elem(), name)
		}
		if _, ok := encodes(v.Elem()); ok {
			return show(v.Elem(), name)
		}
		b, _ := encodes(v)
		return "o:" + orUnknown(name) + ":" + hex.EncodeToString(b)
	}
	if t == timeType {
		tm := v.Interface().(time.Time)
		return fmt.Sprintf("t:%d.%09d", tm.Unix(), tm.Nanosecond())
	}
	if b, ok := encodes(v); ok {
		return "o:" + orUnknown(name) + ":" + hex.EncodeToString(b)
	}
	switch t.Kind() {
	case reflect.Bool:
		return fmt.Sprint(v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return fmt.Sprintf("i:%d", v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return fmt.Sprintf("u:%d", v.Uint())
	case reflect.Float32, reflect.Float64:
		return fmt.Sprintf("f:%016x", math.Float64bits(v.Float()))
	case reflect.Complex64, reflect.Complex128:
		c := v.Complex()
		return fmt.Sprintf("c:%016x,%016x", math.Float64bits(real(c)), math.Float64bits(imag(c)))
	case reflect.String:
		if !utf8.ValidString(v.String()) {
			return "b:" + hex.EncodeToString([]byte(v.String()))
		}
		return "\"" + v.String() + "\""
	case reflect.Slice, reflect.Array:
		if t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 {
			return "b:" + hex.EncodeToString(v.Bytes())
		}
		var p []string
		for i := 0; i < v.Len(); i++ {
			p = append(p, show(v.Index(i), ""))
		}
		return "[" + strings.Join(p, ", ") + "]"
	case reflect.Map:
		var p []string
		for _, k := range v.MapKeys() {
			p = append(p, show(k, "")+"="+show(v.MapIndex(k), ""))
		}
		sort.Strings(p)
		return "{" + strings.Join(p, ", ") + "}"
	case reflect.Struct:
		if name == "" {
			name = t.Name()
		}
		var p []string
		for i := 0; i < t.NumField(); i++ {
			field := show(v.Field(i), "")
			// A field that encodes itself is not sent if it is zero.
			if v.Field(i).Kind() == reflect.Struct && v.Field(i).IsZero() {
				if _, ok := encodes(v.Field(i)); ok {
					field = "nil"
				}
			}
			p = append(p, t.Field(i).Name+"="+field)
		}
		return name + "{" + strings.Join(p, ", ") + "}"
	}
	panic(t.String())
}

// Whether gob sends the name of a type that encodes itself depends on whether it met a pointer to it first.
func orUnknown(name string) string {
	if name == "" {
		return "?"
	}
	return name
}

var names = map[reflect.Type]string{}

func register(v interface{}) {
	gob.Register(v)
	t := reflect.TypeOf(v)
	n := t.String()
	if t.Name() != "" && t.PkgPath() != "" {
		n = t.PkgPath() + "." + t.Name()
	}
	names[t] = n
}
func registered(t reflect.Type) string { return names[t] }

type line struct {
	Case       string `json:"case"`
	Name       string `json:"cookie_name"`
	HashKey    string `json:"hash_key_hex"`
	BlockKey   string `json:"block_key_hex,omitempty"`
	Serializer string `json:"serializer"`
	Cookie     string `json:"cookie_value"`
	Timestamp  int64  `json:"timestamp"`
	Values     string `json:"expect"`
	File       string `json:"file,omitempty"`
}

func main() {
	for _, v := range []interface{}{UserID(0), Role(""), Point{}, &Address{}, Person{}, &Node{}, Tree{}, Packed{}, Secret{}, Holder{}, Empty{}, Inner1{}, Inner2{}, Visit{},
		map[string]interface{}{}, map[string]int{}, map[int]string{}, map[interface{}]interface{}{}, []interface{}{}, [3]int{}, [][]string{}, []map[string]bool{}, time.Time{}, &big.Int{}, []Person{}, []time.Time{}, [2]interface{}{}, []Point{}, map[Point]string{}, []Role{}, time.Duration(0), []float32{}, []*Node{}} {
		register(v)
	}
	zip := "01234"
	seen := time.Date(2026, 2, 3, 4, 5, 6, 789, time.FixedZone("", 5*3600+1800))
	seven := 7
	pseven := &seven
	full := Person{"Ann", "Lee", -30, 4000000000, 1.5, complex(1, -2), true, []byte{0, 1, 255}, [4]byte{1, 2, 3, 0}, []string{"", "a"}, map[string]int{"x": -1, "y": 1 << 40},
		Address{"Main", &zip, &Point{0, -1.25}}, &Address{Street: "Side"}, map[string]interface{}{"k": Role("editor"), "n": nil}, time.Date(1990, 1, 2, 3, 4, 5, 6, time.UTC), &seen, big.NewInt(-123456789), "admin"}
	long := strings.Repeat("0123456789abcdef", 40)
	chain := &Node{Name: "1", Next: &Node{Name: "2", Next: &Node{Name: "3"}}, Kids: []Node{{Name: "a"}, {Kids: []Node{{}}}}}
	cases := []struct {
		name string
		v    map[interface{}]interface{}
	}{
		{"integers", map[interface{}]interface{}{"min": math.MinInt64, "max": math.MaxInt64, "zero": 0, "neg": -1, "i8": int8(-128), "i16": int16(300), "i32": int32(-70000), "i64": int64(1) << 60, "u": uint(1), "u8": uint8(255), "u64": uint64(math.MaxUint64), "rune": 'x', "duration": time.Hour, "user": UserID(42)}},
		{"other scalars", map[interface{}]interface{}{"t": true, "f": false, "pi": 3.14159, "f32": float32(0.1), "inf": math.Inf(-1), "nan": math.Float64frombits(0x7ff8000000000001), "nzero": math.Copysign(0, -1), "c": complex(3, 4), "c64": complex64(complex(0, 1)), "bytes": []byte("\x00\xff"), "nobytes": []byte{}, "text": "grüße", "empty": "", "broken": "a\xffb", "long": long, "role": Role("r")}},
		{"keys", map[interface{}]interface{}{1: "int", int64(-2): "int64", uint8(3): "uint8", "s": "string", true: "bool", 1.5: "float", UserID(9): "named", Role("q"): "named text", Point{1, 2}: "struct", [3]int{1, 2, 3}: "array"}},
		{"nil", map[interface{}]interface{}{"n": nil, "list": []interface{}{nil, 1, nil}, "m": map[string]interface{}{"a": nil}}},
		{"times", map[interface{}]interface{}{"utc": time.Date(2026, 11, 21, 9, 35, 28, 123456789, time.UTC), "zone": seen, "odd": time.Date(1890, 1, 1, 0, 0, 0, 0, time.FixedZone("LMT", -17762)), "zero": time.Time{}, "list": []time.Time{{}, time.Unix(0, 0).UTC()}, "far": time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC), "neg": time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC)}},
		{"collections", map[interface{}]interface{}{"msi": map[string]int{"a": 1, "b": -2}, "mis": map[int]string{-1: "x"}, "mii": map[interface{}]interface{}{1: "a", "b": 2.5}, "arr": [3]int{1, 0, -1}, "nest": [][]string{{"a"}, {}, {"b", "c"}}, "maps": []map[string]bool{{"y": true}, {}}, "iarr": [2]interface{}{"x", 1}, "roles": []Role{"a", "b"}, "f32s": []float32{0.5}, "ints": []int{1, 2}, "strings": []string{"x"}, "empty": []interface{}{}, "emptymap": map[string]interface{}{}}},
		{"deep", map[interface{}]interface{}{"m": map[string]interface{}{"l": []interface{}{map[string]interface{}{"p": Point{1, 2}, "l": []interface{}{Point{0, 0}, Role("x"), [][]string{{"y"}}}}, "tail"}, "z": true}, "tree": Tree{"a": Tree{"b": Tree{}}, "c": nil}}},
		{"struct", map[interface{}]interface{}{"p": full}},
		{"zero struct", map[interface{}]interface{}{"p": Person{}, "e": Empty{}, "after": "x"}},
		{"pointers", map[interface{}]interface{}{"a": &Address{Street: "s", Geo: &Point{1, 0}}, "n": chain, "nodes": []*Node{chain.Next}}},
		{"people", map[interface{}]interface{}{"ps": []Person{full, {}, {Last: "z"}}, "pts": []Point{{}, {1, 0}, {0, 1}}, "byPoint": map[Point]string{{1, 2}: "a"}}},
		{"encoders", map[interface{}]interface{}{"packed": Packed{1, 2}, "secret": Secret{"x"}, "big": big.NewInt(1 << 50), "h": Holder{P: Packed{3, 4}, S: &Secret{"in"}, Ps: []Packed{{5, 6}, {}}, M: map[UserID]Secret{7: {"m"}}, A: [2]Point{{1, 1}, {}}, I: []interface{}{Packed{9, 9}, nil, Empty{}}, PP: &pseven}}},
		{"new types inside", map[interface{}]interface{}{"a": Inner1{Inner2{Inner1{Point{1, 2}}, "after 1"}}, "b": Inner2{Inner2{[]interface{}{Point{3, 4}, Packed{1, 1}, Inner1{&Address{Street: "x"}}}, "after 2"}, "after 3"}, "c": Inner2{Any: nil, After: "after 4"}}},
		{"behind pointers", map[interface{}]interface{}{"v": Visit{"x", &seen, big.NewInt(300)}}},
		{"flashes", map[interface{}]interface{}{"_flash": []interface{}{"saved", 7, Point{1, 2}, &Address{Street: "f"}}, "user_id": int64(77)}},
		{"user", map[interface{}]interface{}{"user_id": 77, "name": "ann", "roles": []string{"admin"}, "since": time.Unix(1700000000, 0).UTC()}},
		{"empty", map[interface{}]interface{}{}},
		{"small", map[interface{}]interface{}{"user_id": 77, "name": "ann"}},
	}
	hash := []byte("0123456789abcdef0123456789abcdef")
	keys := []struct {
		name        string
		hash, block []byte
	}{
		{"hmac", hash, nil}, {"aes128", hash, []byte("fedcba9876543210")}, {"aes192", []byte("k"), []byte("fedcba9876543210fedcba98")}, {"aes256", []byte(strings.Repeat("long key ", 16)), []byte("fedcba9876543210fedcba9876543210")}}
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for i, c := range cases {
		for j, k := range keys {
			if j != 0 && j != 1+i%3 && c.name != "small" {
				continue
			}
			codec := securecookie.New(k.hash, k.block).MaxLength(0)
			value, err := codec.Encode("session", c.v)
			if err != nil {
				panic(c.name + ": " + err.Error())
			}
			out.Encode(line{Case: c.name + "/" + k.name, Name: "session", HashKey: hex.EncodeToString(k.hash), BlockKey: hex.EncodeToString(k.block), Serializer: "gob", Cookie: value, Timestamp: time.Now().Unix(), Values: show(reflect.ValueOf(c.v), "")})
			back := map[interface{}]interface{}{}
			if err := codec.Decode("session", value, &back); err != nil {
				panic(err)
			}
		}
	}
	// A store of the library's own: files, over the length of a cookie.
	for _, k := range keys[:2] {
		dir, _ := os.MkdirTemp("", "gen")
		store := sessions.NewFilesystemStore(dir, k.hash, k.block)
		store.MaxLength(0)
		r := httptest.NewRequest("GET", "/", nil)
		w := httptest.NewRecorder()
		s, _ := store.Get(r, "files")
		s.Values["long"] = strings.Repeat(long, 8)
		s.Values["user_id"] = 77
		s.AddFlash("hello")
		s.AddFlash("other", "mine")
		if err := s.Save(r, w); err != nil {
			panic(err)
		}
		cookie := (&http.Response{Header: w.Header()}).Cookies()[0]
		content, err := os.ReadFile(dir + "/session_" + s.ID)
		if err != nil {
			panic(err)
		}
		v := map[interface{}]interface{}(s.Values)
		out.Encode(line{Case: "file " + s.ID + "/" + k.name, Name: "files", HashKey: hex.EncodeToString(k.hash), BlockKey: hex.EncodeToString(k.block), Serializer: "gob", Cookie: cookie.Value, Timestamp: time.Now().Unix(), Values: show(reflect.ValueOf(v), ""), File: string(content)})
		os.RemoveAll(dir)
	}
}
