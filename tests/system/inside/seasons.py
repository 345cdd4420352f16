"""Weeks that go by in companies of two time zones, over changes of the clock and a year's end."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from clock import Clock
from people import make_user

ZONES = ("Europe/Berlin", "Asia/Yekaterinburg")
# Clients come a minute before Monday and a minute after, in each zone.
MINUTE = timedelta(minutes=1)


def live(env, spans):
    """Let the scheduled actions run through spans of time, as they do on a server.

    :param list spans: pairs of Mondays; the actions run hourly from Sunday evening to Monday
        morning, and the server is off between the spans
    :return: ``teams``: time zone by id; ``reviews``: team, Monday and the moment (UTC) it was made;
        ``runs``: time zone and day of every nightly run; ``stays``: time zone, moment and week
    """
    # pylint: disable=invalid-commit
    clock = Clock(f"{spans[0][0]} 00:00:00")
    teams = {zone: _make_team(env, zone) for zone in ZONES}
    env.cr.commit()
    made = {}
    for begin, end in spans:
        monday = datetime.fromisoformat(begin) + timedelta(weeks=1)
        while monday <= datetime.fromisoformat(end):
            for moment in _moments(monday):
                clock.move_on(seconds=(moment - clock.moment).total_seconds())
                _one_hour(env, teams, made, clock.moment)
            monday += timedelta(weeks=1)
    return {
        "teams": {str(team.id): zone for zone, team in teams.items()},
        "reviews": [[*key, str(moment)] for key, moment in made.items()],
        "runs": [
            [run.company_id.funnel_tz, str(run.day)]
            for run in env["crm.client.run"].search(
                [("company_id", "in", [team.company_id.id for team in teams.values()])]
            )
            if run.finished_at
        ],
        "stays": [
            [teams_zone, str(stay.entered_at), str(stay.week_start)]
            for teams_zone, team in teams.items()
            for stay in env["crm.lead.stage.history"].search([("team_id", "=", team.id)])
        ],
    }


def _make_team(env, zone):
    company = env["res.company"].create({"name": f"Company in {zone}", "funnel_tz": zone})
    seller = make_user(
        env,
        zone.rpartition("/")[2],
        "sales_team.group_sale_salesman",
        company_id=company.id,
        company_ids=[(6, 0, company.ids)],
    )
    team = env["crm.team"].create(
        {"name": f"Team in {zone}", "company_id": company.id, "user_id": seller.id}
    )
    env["crm.team.member"].create({"crm_team_id": team.id, "user_id": seller.id})
    return team


def _moments(monday):
    """The hours from Sunday evening to Monday morning (UTC), and the minutes about midnight."""
    moments = {monday + timedelta(hours=hour) for hour in range(-6, 4)}
    for zone in ZONES:
        midnight = monday.replace(tzinfo=ZoneInfo(zone)).astimezone(ZoneInfo("UTC"))
        moments |= {midnight.replace(tzinfo=None) + shift for shift in (-MINUTE, MINUTE)}
    return sorted(moments)


def _one_hour(env, teams, made, moment):
    """What comes in, and what the scheduled actions do then."""
    # pylint: disable=invalid-commit
    if moment.minute:
        for team in teams.values():
            env["crm.lead"].create(
                {
                    "name": f"Client of {moment}",
                    "type": "opportunity",
                    "team_id": team.id,
                    "user_id": team.user_id.id,
                    "company_id": team.company_id.id,
                }
            )
        env.cr.commit()
    env["crm.weekly.review"]._cron_make()
    env["crm.client.run"]._cron_nightly()
    env.cr.commit()
    ours = [team.id for team in teams.values()]
    for review in env["crm.weekly.review"].search([("team_id", "in", ours)]):
        made.setdefault((review.team_id.id, str(review.week_start)), moment)
