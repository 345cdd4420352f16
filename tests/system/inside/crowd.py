"""A crowd of managers who work on the same few leads."""

from people import make_key, make_user

MANAGER = "sales_team.group_sale_manager"


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
