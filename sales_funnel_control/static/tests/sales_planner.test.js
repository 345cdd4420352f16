import {expect, test} from "@odoo/hoot";
import {
    advanceTime,
    animationFrame,
    queryAllTexts,
    queryFirst,
    setInputRange,
} from "@odoo/hoot-dom";
import {defineMailModels} from "@mail/../tests/mail_test_helpers";
import {
    clickSave,
    contains,
    defineModels,
    fields,
    makeServerError,
    models,
    mountView,
    onRpc,
} from "@web/../tests/web_test_helpers";

class Team extends models.Model {
    _name = "crm.team";

    name = fields.Char();

    _records = [{id: 3, name: "Hunters"}];
}

class SalesPlan extends models.Model {
    _name = "crm.sales.plan";

    team_id = fields.Many2one({relation: "crm.team"});
    user_id = fields.Many2one({relation: "crm.team"});
    date_from = fields.Date();
    date_to = fields.Date();
    target_kind = fields.Selection({
        selection: [
            ["number", "Number"],
            ["amount", "Amount"],
        ],
    });
    target_number = fields.Integer();
    target_amount = fields.Float();
    average_deal = fields.Float();
    basis = fields.Selection({
        selection: [
            ["target", "Target"],
            ["actual", "Actual"],
        ],
    });
    what_if = fields.Json();
    divides_by_hand = fields.Boolean();
    state = fields.Selection({
        selection: [
            ["draft", "Draft"],
            ["accepted", "Accepted"],
        ],
    });

    _records = [
        {
            id: 1,
            team_id: 3,
            date_from: "2026-03-01",
            date_to: "2026-03-31",
            target_kind: "number",
            target_number: 61,
            basis: "target",
            what_if: false,
            state: "draft",
        },
        {
            id: 2,
            team_id: 3,
            date_from: "2026-03-01",
            date_to: "2026-03-31",
            target_kind: "number",
            target_number: 61,
            basis: "target",
            what_if: {12: 90},
            state: "accepted",
        },
    ];
    _views = {
        form: `
            <form>
                <field name="state" invisible="1"/>
                <field name="team_id"/>
                <field name="user_id"/>
                <field name="date_from"/>
                <field name="date_to"/>
                <field name="target_kind"/>
                <field name="target_number"/>
                <field name="target_amount"/>
                <field name="average_deal"/>
                <field name="basis"/>
                <field name="what_if" invisible="1"/>
                <field name="divides_by_hand"/>
                <widget name="sales_planner"/>
            </form>`,
    };
}

defineModels([Team, SalesPlan]);
defineMailModels();

const LIST = {
    id: 10,
    name: "Client List",
    is_first: true,
    target_rate: false,
    actual_rate: false,
    entered: 0,
    what_if: false,
    rate: false,
    needed: 101,
    standing: 4,
    to_bring: 50,
    meetings: 0,
    calls: 0,
};
const PRESENTATION = {
    id: 12,
    name: "Presentation",
    is_first: false,
    target_rate: 80,
    actual_rate: 70.4,
    entered: 55,
    what_if: false,
    rate: 80,
    needed: 81,
    standing: 2,
    to_bring: 40,
    meetings: 20.5,
    calls: 41,
};

function makePlan(rate = false, changes = {}) {
    const span = {expected: 12.34, low: 7, high: 18};
    return {
        target: {
            kind: "number",
            number: 61,
            amount: 6100,
            average_deal: 100,
            won_number: 3,
            won_amount: 300,
        },
        pipeline: {clients: 20, number: span, amount: span, unknown: 0},
        missing: {number: 46, amount: 4600, covered: 25.1},
        stages: [LIST, {...PRESENTATION, what_if: rate, rate: rate || 80}],
        path: rate || 80,
        effort: {meetings: 0.5, calls: 1, moves: 0, call_kind: "effective_call"},
        managers: [],
        lines: [],
        weeks: [{week_start: "2026-03-02", new_clients: 10, meetings: 5, calls: 10}],
        totals: {new_clients: 50, meetings: 20.5, calls: 41, people_needed: 2},
        remarks: ["Nobody is there."],
        ...changes,
    };
}

/** Open the planner; each question to the server becomes a step. */
async function openPlanner(resId = 1, answer = (kwargs) => makePlan(kwargs.what_if[12] || false)) {
    onRpc("crm.sales.planner", "get_plan", ({kwargs}) => {
        expect.step({what_if: kwargs.what_if, target: kwargs.target});
        return answer(kwargs);
    });
    await mountView({type: "form", resModel: "crm.sales.plan", resId});
    await animationFrame();
}

function texts(selector) {
    return queryAllTexts(selector).map((text) => text.replace(/\s+/g, " "));
}

test("the figures are those of the server", async () => {
    await openPlanner();
    expect.verifySteps([{what_if: {}, target: 61}]);
    expect(texts(".o_sales_planner_needed")).toEqual(["101", "81"]);
    expect(".o_sales_planner_forecast").toHaveText(/^12\.3\s*7–18$/);
    expect(".o_sales_planner_missing").toHaveText("46 deals");
    expect(".o_sales_planner_new").toHaveText("50 new clients");
    expect(".o_sales_planner_path").toHaveText("80");
    expect(".o_sales_planner").toHaveText(/Nobody is there/);
    expect(".o_sales_planner input[type=range]").toHaveCount(1);
    expect(".o_sales_planner_weeks").toHaveText(/Mar/);
});

test("a slider asks the server, and is saved with the form", async () => {
    onRpc("crm.sales.plan", "web_save", ({args}) => {
        expect.step(["save", args[1].what_if]);
    });
    await openPlanner();
    expect.verifySteps([{what_if: {}, target: 61}]);
    await setInputRange(".o_sales_planner input[type=range]", 90);
    await animationFrame();
    await advanceTime(500);
    expect.verifySteps([{what_if: {12: 90}, target: 61}]);
    expect(".o_sales_planner_path").toHaveText("90");
    expect(".o_sales_planner_rate").toHaveText("90 %");
    expect(".o_sales_planner_rate").toHaveClass("fw-bold");
    await clickSave();
    expect.verifySteps([["save", {12: 90}]]);
});

test("back to the rate the plan rests on", async () => {
    await openPlanner();
    await setInputRange(".o_sales_planner input[type=range]", 90);
    await animationFrame();
    await advanceTime(500);
    await contains(".o_sales_planner_chain button").click();
    await advanceTime(500);
    expect.verifySteps([
        {what_if: {}, target: 61},
        {what_if: {12: 90}, target: 61},
        {what_if: {}, target: 61},
    ]);
    expect(".o_sales_planner_path").toHaveText("80");
});

test("a change in the form asks anew, another field does not", async () => {
    await openPlanner();
    await contains("[name=target_number] input").edit("80");
    await advanceTime(500);
    expect.verifySteps([
        {what_if: {}, target: 61},
        {what_if: {}, target: 80},
    ]);
    await contains("[name=target_amount] input").edit("5");
    await advanceTime(500);
    expect.verifySteps([]);
});

test("an accepted plan has no sliders to move", async () => {
    await openPlanner(2);
    expect.verifySteps([{what_if: {12: 90}, target: 61}]);
    expect(queryFirst(".o_sales_planner input[type=range]").disabled).toBe(true);
});

test("what cannot be planned is said in its place", async () => {
    await openPlanner(1, () => {
        throw makeServerError({message: "The plan ends before it begins."});
    });
    expect.verifySteps([{what_if: {}, target: 61}]);
    expect(".o_sales_planner .alert").toHaveText("The plan ends before it begins.");
    expect(".o_sales_planner_chain").toHaveCount(0);
});
