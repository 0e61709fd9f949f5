// The compiler lets a package with assembly declare functions that it does not have.
