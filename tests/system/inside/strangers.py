"""A day's work with leads beside the addons of others, and what our ledger holds of it."""

from people import make_user

VIEWS = ("form", "kanban", "list", "pivot", "graph", "calendar", "search")


def work_beside(env):
    """Create, move, merge, lose, restore and win leads as a head of sales.

    :return: a dict of what came of it
    """
    env["ir.config_parameter"].set_param("sales_funnel_control.undo_grace_minutes", "0")
    user = make_user(env(context={"no_reset_password": True}), "Beside", *_groups(env))
    team = env["crm.team"].create({"name": "Beside", "company_id": False, "user_id": user.id})
    env["crm.funnel.builder"].create({"team_id": team.id, "funnel_kind": "active"}).action_build()
    stages = env["crm.stage"].search([("team_ids", "in", team.ids)])
    leads = env["crm.lead"].with_user(user)
    views = {kind: bool(leads.get_view(view_type=kind)["arch"]) for kind in VIEWS}
    terms = {"type": "opportunity", "team_id": team.id, "user_id": user.id}
    kept, double, refused = leads.create([{"name": name, **terms} for name in "ABC"])
    _end_transaction(env)
    (kept | double).merge_opportunity(auto_unlink=False)
    kept = (kept | double).exists().filtered("active")[:1]
    refused.action_set_lost(
        lost_reason_id=env.ref("sales_funnel_control.lost_reason_no_budget").id,
        words="The budget is spent",
    )
    _end_transaction(env)
    refused.action_restore()
    for stage in (stages[1], stages[2], stages.filtered("is_won")[:1]):
        kept.stage_id = stage
        _end_transaction(env)
    return {
        "views": views,
        "ledger_rows": env["crm.lead.stage.history"].search_count([("lead_id", "=", kept.id)]),
        "refusals": env["crm.lead.refusal"].search_count([("lead_id", "=", refused.id)]),
        "restored": refused.active,
        "is_won": kept.stage_id.is_won,
    }


def _groups(env):
    """The rights of a head of sales; an addon of others shows calls to a group of its own."""
    calls = "crm_phonecall.group_show_form_view"
    return ["sales_team.group_sale_manager", *([calls] if env.ref(calls, False) else [])]


def _end_transaction(env):
    """What is moved within one transaction is one move."""
    # pylint: disable=invalid-commit
    env.cr.commit()
