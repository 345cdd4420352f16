"""Values that new records get without being given them: by the context, or by a stored default."""


def given(model, names):
    """Defaults of some fields, as :meth:`create` would fill them in; empty ones are left out.

    Whoever may create a record may give it any default: what is guarded is guarded there, too.

    :return: values by field name
    """
    context = model.env.context
    stored = model.env["ir.default"]._get_model_defaults(model._name)
    values = {name: context.get(f"default_{name}", stored.get(name)) for name in names}
    return {name: value for name, value in values.items() if value}


def without(model, names):
    """The model in a context that gives no defaults for some fields.

    A list that is grouped by a field asks for its value in what is created there.
    """
    keys = {f"default_{name}" for name in names}.intersection(model.env.context)
    if not keys:
        return model
    context = {key: value for key, value in model.env.context.items() if key not in keys}
    return model.with_env(model.env(context=context))
