"""A crowd of managers who work on the same few leads."""

from people import make_key, make_user

MANAGER = "sales_team.group_sale_manager"
ALL_LEADS = "sales_team.group_sale_salesman_all_leads"


def prepare(env, leads):
    """Make ``leads`` leads, and all that is needed to move them about."""
    users = [make_user(env, name, MANAGER) for name in ("Ivanov", "Sidorov", "Petrov")]
    teams = env["crm.team"].create(
        [{"name": name, "company_id": False, "use_leads": True} for name in ("Alpha", "Beta")]
    )
    stages = env["crm.stage"].search([("team_ids", "=", False)])
    reason = env["crm.lost.reason"].create({"name": "No budget (crowd)"})
    leads = env["crm.lead"].create(
        [
            {
                "name": f"Wanted by all {number}",
                "type": "opportunity",
                "user_id": users[0].id,
                "team_id": teams[0].id,
                "stage_id": stages[0].id,
            }
            for number in range(leads)
        ]
    )
    return {
        "keys": [make_key(user) for user in users],
        "users": [user.id for user in users],
        "teams": teams.ids,
        "stages": stages.ids,
        "reason": reason.id,
        "leads": leads.ids,
    }


def prepare_many(env, users, leads):
    """Make a team of ``users`` people with ``leads`` clients each, and some that all work on.

    Works without our addon, too; with it, each move counts, also one that is undone at once, and
    the scheduled actions have something to do.
    """
    people = [make_user(env, f"Manager{number}", ALL_LEADS) for number in range(users)]
    team = env["crm.team"].create({"name": "Crowd", "company_id": False, "use_leads": True})
    stages = env["crm.stage"].search([("team_ids", "=", False), ("is_won", "=", False)])
    reason = env["crm.lost.reason"].create({"name": "No budget (crowd)"})
    shared = {"type": "opportunity", "team_id": team.id, "stage_id": stages[0].id}
    made = env["crm.lead"].create(
        [
            {**shared, "name": f"Client {number}", "user_id": person.id}
            for person in people
            for number in range(leads)
        ]
    )
    for_all = env["crm.lead"].create(
        [{**shared, "name": f"Everybody's {n}", "user_id": people[0].id} for n in range(leads)]
    )
    if "crm.lead.stage.history" in env:
        env["ir.config_parameter"].set_param("sales_funnel_control.undo_grace_minutes", "0")
        data = env["ir.model.data"].search(
            [("module", "=", "sales_funnel_control"), ("model", "=", "ir.cron")]
        )
        for cron in env["ir.cron"].browse(data.mapped("res_id")):
            cron._trigger()
    own = made.grouped("user_id")
    return {
        "people": [
            {"user": person.id, "key": make_key(person), "leads": own[person].ids}
            for person in people
        ],
        "team": team.id,
        "stages": stages.ids,
        "reason": reason.id,
        "leads": for_all.ids,
    }
