"""Two companies with a team each of two managers, and readers of every kind."""

from people import make_key, make_user

from odoo.fields import Command

SALESMAN = "sales_team.group_sale_salesman"
ALL_LEADS = "sales_team.group_sale_salesman_all_leads"
MANAGER = "sales_team.group_sale_manager"
EXPORT = "base.group_allow_export"

# Who holds a lead in which team.
HOLDERS = (
    ("led", "salesperson"),
    ("led", "colleague"),
    ("other", "salesperson"),
    ("other", "colleague"),
    ("other", "leader"),
    ("second", "second_salesperson"),
    ("second", "second_manager"),
)


def prepare(env):
    """Make people and leads; return the people's ids, logins and API keys by name."""
    second = env["res.company"].create({"name": "Second Company"})
    everywhere = [Command.set((env.company | second).ids)]
    users = {
        "salesperson": make_user(env, "Salesperson", SALESMAN, EXPORT),
        "colleague": make_user(env, "Colleague", SALESMAN, EXPORT),
        "leader": make_user(env, "Leader", SALESMAN, EXPORT),
        "all_leads": make_user(env, "All_Leads", ALL_LEADS, EXPORT),
        "manager": make_user(env, "Manager", MANAGER, EXPORT),
        "portal": make_user(env, "Portal_User", "base.group_portal"),
        "second_salesperson": make_user(
            env, "Second_Salesperson", SALESMAN, EXPORT, **_only(second)
        ),
        "second_manager": make_user(env, "Second_Manager", MANAGER, EXPORT, **_only(second)),
        "both_manager": make_user(env, "Both_Manager", MANAGER, EXPORT, company_ids=everywhere),
    }
    teams = {
        "led": _team(env, "Led", env.company, users["leader"]),
        "other": _team(env, "Other", env.company, env["res.users"]),
        "second": _team(env, "Second", second, env["res.users"]),
    }
    for team, user in HOLDERS:
        lead = _new_lead(env, teams[team], users[user])
        lead.stage_id = env.ref("crm.stage_lead2")
        lead.action_set_lost(lost_reason_id=env.ref("crm.lost_reason_1").id)
    # The first manager keeps what they achieved, and no longer sees the lead itself.
    handed_over = _new_lead(env, teams["other"], users["salesperson"])
    handed_over.stage_id = env.ref("crm.stage_lead2")
    handed_over.user_id = users["colleague"]
    users["administrator"] = env.ref("base.user_admin")
    return {
        name: {"id": user.id, "login": user.login, "key": make_key(user)}
        for name, user in users.items()
    }


def _new_lead(env, team, user):
    return env["crm.lead"].create(
        {
            "name": f"Lead of {user.name} in {team.name}",
            "type": "opportunity",
            "team_id": team.id,
            "user_id": user.id,
            "company_id": team.company_id.id,
            "stage_id": env.ref("crm.stage_lead1").id,
        }
    )


def _only(company):
    return {"company_id": company.id, "company_ids": [Command.set(company.ids)]}


def _team(env, name, company, leader):
    return env["crm.team"].create(
        {"name": name, "company_id": company.id, "user_id": leader.id, "use_leads": True}
    )
