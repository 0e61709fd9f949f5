package cache

import (
	"context"
	"fmt"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"

	"spakky/cache/internal/fault"
	"spakky/cache/internal/template"
)

// function is a function of the program's, whose type is known when the program runs.
type function struct {
	t reflect.Type
	f reflect.Value
	// Whether the first argument is a context.
	context bool
	// The other arguments.
	arguments []reflect.Type
	// Beside the error; nil if there is none.
	result reflect.Type
}

var (
	contextType = reflect.TypeFor[context.Context]()
	errorType   = reflect.TypeFor[error]()
)

func functionOf(who string, of any) function {
	f := reflect.ValueOf(of)
	if f.Kind() != reflect.Func || f.IsNil() {
		panic(fmt.Sprintf("cache: %s takes a function, not a %T", who, of))
	}
	t := f.Type()
	outs := t.NumOut()
	if outs < 1 || outs > 2 || t.Out(outs-1) != errorType || t.IsVariadic() {
		panic(fmt.Sprintf("cache: %s takes a function that returns an error, or a value and an error, and has no ...; not a %s", who, t))
	}
	made := function{t: t, f: f}
	if outs == 2 {
		made.result = t.Out(0)
	}
	for argument := range t.Ins() {
		made.arguments = append(made.arguments, argument)
	}
	if made.context = len(made.arguments) > 0 && made.arguments[0] == contextType; made.context {
		made.arguments = made.arguments[1:]
	}
	return made
}

// wrap makes a function of the same type that calls by with the arguments.
func (f *function) wrap(by func(context.Context, []reflect.Value) (reflect.Value, error)) any {
	return reflect.MakeFunc(f.t, func(arguments []reflect.Value) []reflect.Value {
		ctx := context.Background()
		if f.context {
			if given, ok := arguments[0].Interface().(context.Context); ok {
				ctx = given
			}
			arguments = arguments[1:]
		}
		result, err := by(ctx, arguments)
		told := reflect.ValueOf(&err).Elem()
		if f.result == nil {
			return []reflect.Value{told}
		}
		return []reflect.Value{result, told}
	}).Interface()
}

func (f *function) call(ctx context.Context, arguments []reflect.Value) (reflect.Value, error) {
	if f.context {
		arguments = append([]reflect.Value{reflect.ValueOf(&ctx).Elem()}, arguments...)
	}
	results := f.f.Call(arguments)
	err, _ := results[len(results)-1].Interface().(error)
	return results[0], err
}

// stored is the type of the values that are cached, and how to take one out of what the
// function returns: the result, or the value of a Loaded.
func (f *function) stored() (reflect.Type, func(reflect.Value, error) (reflect.Value, storing, error)) {
	if !f.result.Implements(reflect.TypeFor[choosing]()) {
		return f.result, func(result reflect.Value, err error) (reflect.Value, storing, error) {
			return result, storing{}, err
		}
	}
	return f.result.Field(0).Type, func(result reflect.Value, err error) (reflect.Value, storing, error) {
		value, how := result.Interface().(choosing).chosen()
		return value, how, err
	}
}

// settle is where a cached value of type t belongs in a result.
func settle(result reflect.Value, t reflect.Type) reflect.Value {
	if result.Type() == t {
		return result
	}
	return result.Field(0)
}

// defaultKey is the template of a function without one: its name, and all arguments.
func (f *function) defaultKey() string {
	name := runtime.FuncForPC(f.f.Pointer()).Name()
	switch {
	case strings.Contains(name, "[") || strings.HasPrefix(name, "reflect."):
		panic(fault.Because(fault.KeyGeneration, "the function is generic, or made of another, and has no name of its own: it needs a template"))
	case isLiteral(name):
		panic(fault.Because(fault.KeyGeneration, "a function literal has no name: it needs a template"))
	}
	name = strings.TrimSuffix(name, "-fm")
	if program, is := strings.CutPrefix(name, "main."); is {
		// Every program's own package is called main; what tells them apart is its path.
		if built, ok := debug.ReadBuildInfo(); ok && built.Path != "" {
			name = built.Path + "." + program
		}
	}
	made, err := template.Format(name)
	if err != nil {
		panic(err)
	}
	made = braces.Replace(made)
	for i := range f.arguments {
		made += fmt.Sprintf(":{%d}", i)
	}
	return made
}

// isLiteral tells the names that the compiler gives function literals, such as
// example.com/shop/prices.init.func1, from those of functions and methods.
func isLiteral(name string) bool {
	_, name, _ = strings.Cut(name[strings.LastIndexByte(name, '/')+1:], ".")
	for i, part := range strings.Split(name, ".") {
		digits, is := strings.CutPrefix(part, "func")
		if i > 0 && (part == "" || is && strings.Trim(digits, "0123456789") == "") {
			return true
		}
	}
	return false
}

var braces = strings.NewReplacer("{", "{{", "}", "}}")

func (f *function) none() reflect.Value {
	if f.result == nil {
		return reflect.Value{}
	}
	return reflect.Zero(f.result)
}

func (f *function) bind(text string) template.Bound {
	bound, err := template.Bind(text, f.arguments)
	if err != nil {
		panic(err)
	}
	return bound
}

func (f *function) bindAll(texts []string) []template.Bound {
	bound := make([]template.Bound, len(texts))
	for i, text := range texts {
		bound[i] = f.bind(text)
	}
	return bound
}

// distinct refuses a key that does not tell apart what the function works with.
func (f *function) distinct(key string, bound template.Bound) {
	refuse := func(what, cure string) {
		panic(fault.Because(fault.KeyGeneration, what+": "+cure+", or say Shared() if all of them share the entries of a key"))
	}
	// The name that the compiler gives a method value.
	if name, is := strings.CutSuffix(runtime.FuncForPC(f.f.Pointer()).Name(), "-fm"); is {
		refuse("`"+name+"` is a method, and the template `"+key+"` names nothing of its object", "take what tells the objects apart as an argument")
	}
	if number := bound.Unnamed(f.arguments); number > 0 {
		refuse(fmt.Sprintf("the template `%s` names nothing of argument %d, a %s", key, number, f.arguments[number-1]), "name it, or a field of it")
	}
}

func fillAll(bound []template.Bound, arguments []reflect.Value) ([]string, error) {
	filled := make([]string, len(bound))
	for i, template := range bound {
		var err error
		if filled[i], err = template.Fill(arguments); err != nil {
			return nil, err
		}
	}
	return filled, nil
}
