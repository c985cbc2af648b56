"""The numbers of the tools, each written as DuckDB SQL from its definition in the specification.

Nothing here was read off the tools' own code. Where the specification leaves a choice, the choice is named in a comment
that begins with "Choice:".
"""
