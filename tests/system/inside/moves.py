"""What happened to a handful of leads, replayed on any database, with our addon or without."""

from clock import Clock
from people import make_user

SALESMAN = "sales_team.group_sale_salesman"


def play(env, start):
    """Play every story, one transaction a step, and return the leads' ids by their labels."""
    # pylint: disable=invalid-commit
    clock = Clock(start)
    # Both databases lose leads as stock Odoo lets them.
    env["ir.config_parameter"].set_param("sales_funnel_control.enforcement", "off")
    world = World(env)
    env.cr.commit()
    for label, *steps in STORIES:
        for name, *arguments in steps:
            clock.move_on(hours=7)
            getattr(world, name)(label, *arguments)
            env.cr.commit()
    return {label: lead.id for label, lead in world.leads.items() if lead.exists()}


STORIES = (
    ("through a stage now gone", ("create", "New"), ("move", "Trial"), ("move", "Proposition")),
    ("lost in a stage before the gone", ("create", "New"), ("move", "Qualified"), ("lose",)),
    ("over a stage now gone", ("create", "New"), ("move", "Proposition")),
    ("with one who left", ("create", "New", "Leaver"), ("move", "Qualified")),
    (
        "taken from one who left",
        ("create", "New", "Leaver"),
        ("move", "Qualified"),
        ("assign", "Ivanov"),
        ("move", "Proposition"),
    ),
    ("the stage is given up", ("give_up_stage",)),
    ("the manager leaves", ("let_go",)),
    ("step by step", ("create", "New"), ("move", "Qualified"), ("move", "Proposition")),
    ("skipped", ("create", "New"), ("move", "Proposition")),
    (
        "moved back",
        ("create", "New"),
        ("move", "Proposition"),
        ("move", "Qualified"),
        ("move", "Proposition"),
    ),
    ("won", ("create", "New"), ("move", "Qualified"), ("win",)),
    ("won at once", ("create", "New"), ("win",)),
    ("never touched", ("create", "Qualified")),
    ("lost", ("create", "New"), ("move", "Qualified"), ("lose",)),
    ("lost in the first stage", ("create", "New"), ("lose",)),
    ("lost without a reason", ("create", "New"), ("move", "Qualified"), ("lose", False)),
    (
        "restored",
        ("create", "New"),
        ("move", "Qualified"),
        ("lose",),
        ("restore",),
        ("move", "Proposition"),
    ),
    ("lost twice", ("create", "New"), ("lose",), ("restore",), ("move", "Qualified"), ("lose",)),
    ("withdrawn", ("create", "New"), ("move", "Qualified"), ("judge", 30), ("archive",)),
    (
        "withdrawn and back",
        ("create", "New"),
        ("judge", 30),
        ("archive",),
        ("unarchive",),
        ("move", "Qualified"),
    ),
    ("reassigned", ("create", "New"), ("assign", "Sidorov"), ("move", "Qualified")),
    ("reassigned later", ("create", "New"), ("move", "Qualified"), ("assign", "Sidorov")),
    ("nobody's", ("create", "New"), ("assign", None), ("move", "Qualified")),
    ("given to another team", ("create", "New"), ("move", "Qualified"), ("give", "Beta")),
    ("given and won", ("create", "New"), ("give", "Beta"), ("move", "Qualified"), ("win",)),
    ("given there and back", ("create", "New"), ("give", "Beta"), ("give", "Alpha")),
    ("converted", ("create_lead",), ("convert",), ("move", "Qualified")),
    ("converted, then still", ("create_lead",), ("convert",)),
    ("a lead still", ("create_lead",)),
    ("merged, the one", ("create", "New"), ("move", "Qualified")),
    ("merged, the other", ("create", "New"), ("move", "Qualified"), ("move", "Proposition")),
    ("merged", ("merge", "merged, the one", "merged, the other")),
    ("merged early, the one", ("create", "New")),
    ("merged early, the other", ("create", "New")),
    ("merged early", ("merge", "merged early, the one", "merged early, the other")),
    ("merged early, then won", ("create", "New"), ("move", "Qualified")),
    ("absorbed", ("create", "New"), ("move", "Proposition")),
    (
        "merged and won",
        ("merge", "absorbed", "merged early, then won"),
        ("win",),
    ),
    ("imported", ("load", "Qualified")),
    ("imported lost", ("load", "Proposition", True)),
    ("imported, then moved", ("load", "New"), ("move", "Qualified"), ("win",)),
    ("imported, then lost", ("load", "Qualified"), ("lose",)),
    ("moved unseen", ("create", "New"), ("move_unseen", "Proposition")),
    ("moved unseen, then seen", ("create", "New"), ("move_unseen", "Qualified"), ("win",)),
    ("lost unseen", ("create", "New"), ("move", "Qualified"), ("lose_unseen",)),
)


class World:
    """Two teams, three managers, one of whom leaves, and a stage that is given up."""

    def __init__(self, env):
        self.env = env
        self.users = {
            name: make_user(env, name, SALESMAN) for name in ("Ivanov", "Sidorov", "Leaver")
        }
        self.teams = {
            name: env["crm.team"].create({"name": name, "use_leads": True, "company_id": False})
            for name in ("Alpha", "Beta")
        }
        env["crm.team.member"].create(
            [
                {"crm_team_id": self.teams["Alpha"].id, "user_id": user.id}
                for user in self.users.values()
            ]
        )
        self.stages = {
            name: env.ref(f"crm.stage_lead{number}")
            for number, name in enumerate(("New", "Qualified", "Proposition", "Won"), 1)
        }
        self.stages["Qualified"].sequence = 10
        self.stages["Trial"] = env["crm.stage"].create({"name": "Trial", "sequence": 20})
        self.stages["Proposition"].sequence = 30
        self.reason = env["crm.lost.reason"].create({"name": "No budget (moves)"})
        self.leads = {}

    def create(self, label, stage, user="Ivanov", **values):
        self.leads[label] = self.env["crm.lead"].create(
            {
                "name": label,
                "type": "opportunity",
                "team_id": self.teams["Alpha"].id,
                "user_id": self.users[user].id,
                "stage_id": self.stages[stage].id,
                **values,
            }
        )

    def create_lead(self, label):
        self.create(label, "New", type="lead")

    def load(self, label, stage, is_lost=False):
        """As Odoo's own import does it: no tracking."""
        importer = self.env["crm.lead"].with_context(import_file=True, tracking_disable=True)
        values = {
            "name": label,
            "type": "opportunity",
            "team_id/.id": str(self.teams["Alpha"].id),
            "user_id/.id": str(self.users["Ivanov"].id),
            "stage_id/.id": str(self.stages[stage].id),
            "active": "0" if is_lost else "1",
            "probability": "0" if is_lost else "10",
        }
        result = importer.load(list(values), [list(values.values())])
        if not result["ids"]:
            raise ValueError(result["messages"])
        self.leads[label] = importer.with_context(self.env.context).browse(result["ids"])

    def move(self, label, stage):
        self.leads[label].stage_id = self.stages[stage]

    def move_unseen(self, label, stage):
        self.leads[label].with_context(tracking_disable=True).stage_id = self.stages[stage]

    def win(self, label):
        self.leads[label].action_set_won()

    def lose(self, label, with_reason=True):
        reason = {"lost_reason_id": self.reason.id} if with_reason else {}
        self.leads[label].action_set_lost(**reason)

    def lose_unseen(self, label):
        self.leads[label].with_context(tracking_disable=True).action_set_lost(
            lost_reason_id=self.reason.id
        )

    def restore(self, label):
        self.leads[label].action_restore()

    def judge(self, label, probability):
        self.leads[label].probability = probability

    def archive(self, label):
        self.leads[label].action_archive()

    def unarchive(self, label):
        self.leads[label].action_unarchive()

    def assign(self, label, user):
        self.leads[label].write(
            {
                "user_id": self.users[user].id if user else False,
                "team_id": self.leads[label].team_id.id,
            }
        )

    def give(self, label, team):
        self.leads[label].team_id = self.teams[team]

    def convert(self, label):
        lead = self.leads[label]
        lead.convert_opportunity(
            self.env["res.partner"], user_ids=lead.user_id.ids, team_id=lead.team_id.id
        )

    def merge(self, label, *labels):
        merged = self.env["crm.lead"].union(*(self.leads.pop(name) for name in labels))
        self.leads[label] = merged.merge_opportunity(
            user_id=self.users["Ivanov"].id, team_id=self.teams["Alpha"].id, auto_unlink=True
        )

    def give_up_stage(self, _label):
        self.stages.pop("Trial").unlink()

    def let_go(self, _label):
        self.users.pop("Leaver").unlink()
