"""A client to call, and the key of somebody who calls."""

from people import make_key, make_user


def prepare(env):
    """Eight decision makers of one organisation."""
    caller = make_user(env, "Caller", "sales_team.group_sale_salesman")
    client = env["res.partner"].create({"name": "Romashka", "is_company": True})
    people = env["res.partner"].create(
        [
            {
                "name": f"Anna Petrova{letter}",
                "parent_id": client.id,
                "function": "Director",
                "is_decision_maker": True,
            }
            for letter in "abcdefgh"
        ]
    )
    return {"key": make_key(caller), "people": people.ids}
