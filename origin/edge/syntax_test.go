package edge

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/parser"
)

// TestTheFunctionUsesOldJavaScript holds the function to kinds of syntax of ECMAScript
// 5.1, and let and const: the runtime at the edge has few of the later ones.
func TestTheFunctionUsesOldJavaScript(t *testing.T) {
	allowed := strings.Fields(`ArrayLiteral AssignExpression BinaryExpression Binding BlockStatement BracketExpression CallExpression
		ConditionalExpression DotExpression ExpressionStatement ForLoopInitializerLexicalDecl ForStatement FunctionDeclaration
		FunctionLiteral Identifier IfStatement LexicalDeclaration NumberLiteral ObjectLiteral ParameterList Program PropertyKeyed
		RegExpLiteral ReturnStatement StringLiteral UnaryExpression`)
	kinds := syntax(t, Function())
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		if !slices.Contains(allowed, kind) {
			t.Errorf("the function has a %s", kind)
		}
	}
	if !kinds["LexicalDeclaration"] || !kinds["RegExpLiteral"] {
		t.Errorf("the function is not read: it has only %v", kinds)
	}
	for text, kind := range map[string]string{"for (const x of []) {}": "ForOfStatement", "const f = () => 1;": "ArrowFunctionLiteral", "a?.b;": "OptionalChain"} {
		if !syntax(t, text)[kind] {
			t.Errorf("%s: found only %v", text, syntax(t, text))
		}
	}
}

// syntax is the kinds of nodes that a program has.
func syntax(t *testing.T, text string) map[string]bool {
	t.Helper()
	program, err := parser.ParseFile(nil, "", text, 0)
	if err != nil {
		t.Fatal(err)
	}
	kinds, seen := map[string]bool{}, map[any]bool{}
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Interface:
			walk(v.Elem())
		case reflect.Pointer:
			if v.IsNil() || seen[v.Interface()] {
				return
			}
			seen[v.Interface()] = true
			if _, is := v.Interface().(ast.Node); is {
				kinds[v.Elem().Type().Name()] = true
			}
			walk(v.Elem())
		case reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.Struct:
			for i := range v.NumField() {
				if v.Type().Field(i).IsExported() {
					walk(v.Field(i))
				}
			}
		}
	}
	walk(reflect.ValueOf(program))
	return kinds
}
