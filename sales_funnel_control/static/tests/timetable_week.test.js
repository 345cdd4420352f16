import {expect, test} from "@odoo/hoot";
import {queryAllTexts, queryOne} from "@odoo/hoot-dom";
import {defineMailModels} from "@mail/../tests/mail_test_helpers";
import {
    contains,
    getService,
    mountWithCleanup,
    onRpc,
    patchWithCleanup,
} from "@web/../tests/web_test_helpers";
import {WebClient} from "@web/webclient/webclient";

defineMailModels();

const BLOCK = {
    id: 3,
    name: "Calls",
    span: "9:20–11:00",
    icon: "fa-phone",
    color: 4,
    top: 3.7,
    height: 18.5,
};

function makeWeek(changes) {
    return {
        timetables: [
            {id: 1, name: "Hunter's Week"},
            {id: 2, name: "Farmer's Week"},
        ],
        timetable: {id: 1, name: "Hunter's Week", role_name: "Hunter", total: "40 h"},
        may_edit: true,
        length: 9,
        hours: [
            {label: "9:00", top: 0},
            {label: "18:00", top: 100},
        ],
        days: [
            {weekday: "0", name: "Monday", blocks: [BLOCK]},
            {weekday: "1", name: "Tuesday", blocks: []},
        ],
        kinds: [{id: 2, name: "Calls", icon: "fa-phone", color: 4, total: "1 h 40 min"}],
        ...changes,
    };
}

async function openWeek(answer = () => makeWeek(), params = {}) {
    onRpc("crm.timetable", "get_week", ({args}) => {
        expect.step(args);
        return answer(...args);
    });
    await mountWithCleanup(WebClient);
    await getService("action").doAction({
        type: "ir.actions.client",
        tag: "sales_funnel_control.timetable_week",
        params,
    });
}

function texts(selector) {
    return queryAllTexts(selector).map((text) => text.replace(/\s+/g, " "));
}

test("the week is drawn as the payload says", async () => {
    await openWeek();
    expect.verifySteps([[false]]);
    expect(texts(".o_timetable_day")).toEqual(["Monday 9:20–11:00 Calls", "Tuesday"]);
    expect(queryOne(".o_timetable_block").getAttribute("style")).toBe("top: 3.7%; height: 18.5%");
    expect(".o_timetable_block").toHaveClass("o_time_color_4");
    expect(".o_timetable_head .text-muted").toHaveText("Hunter · 40 h a week");
    expect(texts(".o_timetable_kinds li")).toEqual(["Calls 1 h 40 min"]);
});

test("another timetable is chosen", async () => {
    await openWeek((id) =>
        id === 2
            ? makeWeek({timetable: {id: 2, name: "Farmer's Week", role_name: "", total: "8 h"}})
            : makeWeek()
    );
    await contains(".o_timetable_head select").select("2");
    expect.verifySteps([[false], [2]]);
    expect(".o_timetable_head .text-muted").toHaveText("8 h a week");
});

test("the timetable of an action's parameters", async () => {
    await openWeek(undefined, {timetable_id: 2});
    expect.verifySteps([[2]]);
});

test("put into the calendar, and edit", async () => {
    await openWeek();
    expect.verifySteps([[false]]);
    patchWithCleanup(getService("action"), {
        doAction(action, options) {
            expect.step([action.res_id || action, options?.additionalContext || null]);
        },
    });
    await contains(".o_timetable_apply").click();
    await contains(".o_timetable_edit").click();
    expect.verifySteps([
        ["sales_funnel_control.crm_timetable_apply_action", {default_timetable_id: 1}],
        [1, null],
    ]);
});

test("a salesperson does not edit; an empty timetable is not applied", async () => {
    await openWeek(() => makeWeek({may_edit: false, kinds: [], hours: [], days: []}));
    expect.verifySteps([[false]]);
    expect(".o_timetable_edit").toHaveCount(0);
    expect(".o_timetable_apply").not.toBeEnabled();
    expect(".o_timetable_page").toHaveText(/has no blocks yet/);
});

test("no timetable says what to do", async () => {
    await openWeek(() => makeWeek({timetable: false, timetables: []}));
    expect.verifySteps([[false]]);
    expect(".o_view_nocontent").toHaveText(
        /Configuration > Contacts and Working Time > Timetables/
    );
});
