package codec

import "reflect"

// textMaps has each map in an any whose keys are all text be a map[string]any, as other
// decoders of Go make them. The decoder makes a map[any]any of each.
func textMaps(value reflect.Value) {
	if !traitsOf(value.Type()).any {
		return
	}
	switch value.Kind() {
	case reflect.Interface:
		if made := textMap(value.Interface()); made != nil {
			value.Set(reflect.ValueOf(made))
		}
	case reflect.Pointer:
		if !value.IsNil() {
			textMaps(value.Elem())
		}
	case reflect.Slice, reflect.Array:
		for i := range value.Len() {
			textMaps(value.Index(i))
		}
	case reflect.Map:
		// What a map holds cannot be changed in place.
		inner := reflect.New(value.Type().Elem()).Elem()
		for pairs := value.MapRange(); pairs.Next(); {
			inner.Set(pairs.Value())
			textMaps(inner)
			value.SetMapIndex(pairs.Key(), inner)
		}
	case reflect.Struct:
		for _, field := range fieldsOf(value.Type()).inOrder {
			if inner, err := value.FieldByIndexErr(field.place); err == nil {
				textMaps(inner)
			}
		}
	}
}

func textMap(value any) any {
	switch value := value.(type) {
	case []any:
		for i, item := range value {
			value[i] = textMap(item)
		}
	case map[any]any:
		texts := make(map[string]any, len(value))
		for key, item := range value {
			item = textMap(item)
			value[key] = item
			if text, is := key.(string); is {
				texts[text] = item
			}
		}
		if len(texts) == len(value) {
			return texts
		}
	}
	return value
}
