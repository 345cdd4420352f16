import {beforeEach, expect, test} from "@odoo/hoot";
import {queryAllTexts, queryOne} from "@odoo/hoot-dom";
import {animationFrame} from "@odoo/hoot-mock";
import {
    contains,
    defineActions,
    getService,
    mountWithCleanup,
    onRpc,
} from "@web/../tests/web_test_helpers";
import {defineMailModels} from "@mail/../tests/mail_test_helpers";
import {redirect} from "@web/core/utils/urls";
import {WebClient} from "@web/webclient/webclient";

defineMailModels();
defineActions([
    {
        id: 41,
        type: "ir.actions.client",
        tag: "sales_funnel_control.day_glance",
        name: "Day at a Glance",
        path: "day-at-a-glance",
    },
]);

function values(contacts, overdue) {
    return [
        {key: "contacts", value: contacts, text: String(contacts), detail: "Meeting 2"},
        {key: "overdue", value: overdue, text: String(overdue), detail: ""},
    ];
}

let glance = {};

beforeEach(() => {
    glance = {
        team: {id: 7, name: "Hunters"},
        teams: [
            {id: 7, name: "Hunters"},
            {id: 8, name: "Farmers"},
        ],
        day: "2026-03-04",
        previous: "2026-03-03",
        next: "2026-03-05",
        is_today: true,
        title: "Wednesday, 4 March",
        sees_team: true,
        figures: [
            {key: "contacts", label: "Contacts", help: "Contacts logged for the day."},
            {key: "overdue", label: "Overdue Steps", help: "At this moment."},
        ],
        total: values(5, 2),
        managers: [
            {
                id: 3,
                name: "Ivanov",
                role: "Hunter",
                values: values(5, 2),
                norms: [
                    {
                        kind: "meeting",
                        label: "Meetings",
                        done_text: "4 of 12",
                        percent: 33.3,
                        passed_percent: 47.5,
                        state: "behind",
                        state_text: "1 behind by now",
                    },
                ],
            },
            {id: 4, name: "Sidorov", role: "Hunter", values: values(0, 0), norms: []},
        ],
    };
});

async function open() {
    await mountWithCleanup(WebClient);
    await getService("action").doAction(41);
    await animationFrame();
}

test("figures, details and norms are shown as the server gives them", async () => {
    onRpc("crm.day.glance", "get_day", ({kwargs}) => {
        expect.step([kwargs.team_id, kwargs.day]);
        return glance;
    });
    await open();
    expect.verifySteps([[null, null]]);
    expect(".o_day_title").toHaveText("Hunters, Wednesday, 4 March");
    expect(queryAllTexts(".o_day_manager h2")).toEqual(["Ivanov", "Sidorov"]);
    const ivanov = ".o_day_manager[data-manager='3']";
    expect(`${ivanov} [data-figure=contacts] button`).toHaveText("5");
    expect(`${ivanov} [data-figure=contacts]`).toHaveText(/Meeting 2/);
    expect(`${ivanov} [data-figure=overdue] button b`).toHaveClass("text-danger");
    expect(`${ivanov} [data-kind=meeting] b`).toHaveText("4 of 12");
    expect(queryOne(`${ivanov} .o_norm_done`).style.width).toBe("33.3%");
    // There is nothing behind a nought.
    expect(".o_day_manager[data-manager='4'] .o_day_value button").toHaveCount(0);
});

test("another day and another team are asked for", async () => {
    onRpc("crm.day.glance", "get_day", ({kwargs}) => {
        expect.step([kwargs.team_id, kwargs.day]);
        return {...glance, day: kwargs.day || "2026-03-04", is_today: !kwargs.day};
    });
    await open();
    await contains(".o_day_previous").click();
    expect(".o_day_today").not.toHaveClass("active");
    await contains("select[name=team]").select("8");
    await contains(".o_day_today").click();
    expect(".o_day_today").toHaveClass("active");
    expect.verifySteps([
        [null, null],
        [null, "2026-03-03"],
        [8, "2026-03-03"],
        [8, null],
    ]);
});

test("an address that names team and day is opened so", async () => {
    redirect("/odoo/day-at-a-glance?team=8&day=2026-03-01");
    onRpc("crm.day.glance", "get_day", ({kwargs}) => {
        expect.step([kwargs.team_id, kwargs.day]);
        return glance;
    });
    await mountWithCleanup(WebClient);
    await animationFrame();
    expect.verifySteps([[8, "2026-03-01"]]);
});

test("figures open what is behind them", async () => {
    onRpc("crm.day.glance", "get_day", () => glance);
    onRpc("crm.day.glance", "get_figure_action", ({args, kwargs}) => {
        expect.step([args[0], kwargs.team_id, kwargs.day, kwargs.user_id]);
        return {type: "ir.actions.act_window_close"};
    });
    await open();
    await contains(".o_day_manager[data-manager='3'] [data-figure=contacts] button").click();
    await contains(".o_day_total [data-figure=overdue] button").click();
    expect.verifySteps([
        ["contacts", 7, "2026-03-04", 3],
        ["overdue", 7, "2026-03-04", null],
    ]);
});

test("who does not see the team cannot open its sums, nor set tasks", async () => {
    glance.sees_team = false;
    glance.managers.pop();
    onRpc("crm.day.glance", "get_day", () => glance);
    await open();
    expect(".o_day_total button").toHaveCount(0);
    expect(".o_day_task").toHaveCount(0);
    expect(".o_day_manager button").toHaveCount(2);
});

test("a team without managers says what to do", async () => {
    glance.managers = [];
    onRpc("crm.day.glance", "get_day", () => glance);
    await open();
    expect(".o_day_glance").toHaveText(/Nobody works in this team/);
});
