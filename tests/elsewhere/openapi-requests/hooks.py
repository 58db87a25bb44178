"""For schemathesis: the document as one integration has it, and the forms of a success.

The body of an operation is that of the account's integration (`x-unified-integrations`), because a body that another one takes is
mostly rejected. A form that a parameter asks for has a schema of its own (`x-unified-forms`), and is valid against that one.
"""

import os

import schemathesis
from jsonschema_rs import Draft202012Validator

INTEGRATION = os.environ["INTEGRATION"]


@schemathesis.hook
def before_load_schema(_context, document):
    """Replaces the schema of each body. Removes the operations that the integration does not have."""
    for item in document["paths"].values():
        for method, operation in list(item.items()):
            rows = operation.get("x-unified-integrations")
            if rows is None:
                continue
            row = next((row for row in rows if row["integration"] == INTEGRATION), None)
            if row is None:
                del item[method]
            elif "body" in row:
                operation["requestBody"]["content"]["application/json"]["schema"] = row["body"]


@schemathesis.check
def form_conformance(_context, response, case):
    """The body of a success has the schema of the form that was asked for."""
    definition = case.operation.definition.raw["responses"].get(str(response.status_code), {})
    form = asked_form(definition.get("x-unified-forms", []), case.query or {})
    if form is None:
        case.operation.validate_response(response)
    elif "schema" in form:
        document = case.operation.schema.raw_schema
        validator = Draft202012Validator({"components": document["components"], "allOf": [form["schema"]]})
        for error in validator.iter_errors(response.json()):
            raise AssertionError(f"{form['parameter']}={form['value']}: {error.message} at {error.instance_path}")


def asked_form(forms, query):
    """The first form whose parameter is there: a scalar may be given in a list, and a boolean in any case."""
    for form in forms:
        for name in (form["parameter"], form["parameter"] + "[]"):
            value = query.get(name)
            value = value[0] if isinstance(value, list) and value else value
            if str(value).lower() == form["value"]:
                return form
    return None
