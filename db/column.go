package db

// column is one field of a kind. It is the one place in this package that names the field:
// reading, writing and the audit all follow from the kind's columns.
type column[T any] struct {
	name string
	// at points at the field in a row. It is a pointer or, where the column holds something
	// else than the field, one of the types of value.go. database/sql reads into it and
	// writes what it points at.
	at  func(*T) any
	key bool
	// read is the expression that SELECT has in place of the name. Such a column is
	// not written with the row, because another table holds it.
	read string
	// apart has neither SELECT nor INSERT: rows of another table hold it.
	apart bool
	// property is the name in the API and the audit; "" shows it nowhere.
	property string
	// show is the value as the API has it. It is set where that differs from the value at
	// points at.
	show func(*T) any
}

// col is a column with the same name as the API's property.
func col[T any](name string, at func(*T) any) column[T] {
	return column[T]{name: name, property: name, at: at}
}

// keyCol is a part of the primary key. The first of them is the tenant, the last the key in
// the audit; the tenant is no property of the objects in it.
func keyCol[T any](name string, at func(*T) any) column[T] {
	c := col(name, at)
	c.key = true
	if name == tenantColumn {
		c.property = ""
	}
	return c
}

const tenantColumn = "tenant"

// apartCol is a property that rows of another table hold.
func apartCol[T any](name string, at func(*T) any) column[T] {
	c := col(name, at)
	c.apart = true
	return c
}

// from makes a column that an expression reads and that is written elsewhere.
func (c column[T]) from(expression string) column[T] {
	c.read = expression
	return c
}

// as gives a column its name and value in the API. A nil show leaves the value.
func (c column[T]) as(property string, show func(*T) any) column[T] {
	c.property, c.show = property, show
	return c
}

// unaudited is for a column with content that other columns audit.
func (c column[T]) unaudited() column[T] {
	c.property = ""
	return c
}

// shown is the value for the audit.
func (c column[T]) shown(row *T) any {
	if c.show != nil {
		return c.show(row)
	}
	return c.at(row)
}
