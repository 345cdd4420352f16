"""What a read replica is asked for, and what there is to ask about."""

from crowd import prepare as prepare_crowd

from odoo.fields import Command

from odoo.addons.sales_funnel_control.tools import working_time

_ADDON = "odoo.addons.sales_funnel_control"


def prepare(env, leads):
    """A team that works, with a review, a plan and a time study; and the key of its head."""
    world = prepare_crowd(env, leads)
    head = env["res.users"].browse(world["users"][0])
    team = env["crm.team"].browse(world["teams"][0])
    team.write({"user_id": head.id, "member_ids": [Command.link(user) for user in world["users"]]})
    env["crm.lead"].browse(world["leads"])[::2].stage_id = world["stages"][1]
    env["crm.lead"].flush_model()
    today = env.company._funnel_today()
    review = env["crm.weekly.review"]._make(team, env.company, working_time.monday(today))
    plan = env["crm.sales.plan"].create({"team_id": team.id, "target_number": 5})
    study = env["crm.time.study"].create({"user_id": head.id, "purpose": "Where do hours go?"})
    # What Odoo would build for the first one who looks.
    env["ir.http"].routing_map()
    return {**world, "review": review.id, "plan": plan.id, "study": study.id}


def offered(env):
    """All that our addon says it answers without writing.

    :return: ``methods``: names of models and methods; ``routes``; ``reports``: names of models
    """
    methods = {
        f"{name}.{attribute}"
        for name, model in env.registry.items()
        for part in model.mro()
        if part.__module__.startswith(_ADDON)
        for attribute, value in vars(part).items()
        if getattr(value, "_readonly", False)
    }
    routes = {
        rule.rule
        for rule in env["ir.http"].routing_map().iter_rules()
        if rule.endpoint.routing.get("readonly") is True
        and rule.endpoint.func.__module__.startswith(_ADDON)
    }
    reports = [
        name
        for name, model in env.registry.items()
        if model._original_module == "sales_funnel_control" and not (model._auto or model._abstract)
    ]
    return {"methods": sorted(methods), "routes": sorted(routes), "reports": reports}


def measures(env, models):
    """What a pivot of each report adds up, and by what it groups first.

    :return: by name of the model: ``groupby`` and ``aggregates`` of ``formatted_read_group``
    """
    return {name: _pivot(env[name]) for name in models}


def _pivot(model):
    fields = model.fields_get(attributes=["type", "store", "aggregator", "groupable"])
    return {
        "groupby": [
            name
            for name, field in fields.items()
            if field["type"] == "many2one" and field.get("groupable")
        ][:2],
        "aggregates": [
            f"{name}:{field['aggregator']}"
            for name, field in fields.items()
            if field["type"] in ("integer", "float", "monetary") and field.get("aggregator")
        ],
    }
