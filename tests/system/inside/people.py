"""Users, teams and API keys, as every test from outside needs them."""

from datetime import timedelta

from odoo.fields import Command, Datetime


def make_user(env, name, *groups, **values):
    """Make a user, named and logging in as ``name``, who belongs to ``groups``."""
    return env["res.users"].create(
        {
            "name": name,
            "login": name.lower(),
            "email": f"{name.lower()}@example.com",
            "password": f"{name.lower()}-{name.lower()}",
            "group_ids": [Command.set([env.ref(group).id for group in groups])],
            **values,
        }
    )


def make_key(user):
    """Make an API key with which ``user`` calls JSON-2."""
    return (
        user.env(user=user)["res.users.apikeys"]
        .sudo()
        ._generate(None, "test", Datetime.now() + timedelta(days=1))
    )


def admin_key(env):
    """Make an API key of the administrator's."""
    return make_key(env.ref("base.user_admin"))
