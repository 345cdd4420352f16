import {registry} from "@web/core/registry";
import {stepUtils} from "@web_tour/tour_utils";

const tours = registry.category("web_tour.tours");

tours.add("sales_funnel_control.timetable_apply", {
    steps: () => [
        ...stepUtils.goToAppSteps("crm.crm_menu_root"),
        {
            content: "Open the contacts",
            trigger: "button[data-menu-xmlid='sales_funnel_control.crm_contacts_menu']",
            run: "click",
        },
        {
            content: "Open the timetable",
            trigger: "a[data-menu-xmlid='sales_funnel_control.crm_timetable_menu_week']",
            run: "click",
        },
        {
            content: "It is that of the own role",
            trigger: ".o_timetable_day:contains(Monday) .o_timetable_block:contains(Reports)",
        },
        {
            content: "Put it into the calendar",
            trigger: ".o_timetable_apply",
            run: "click",
        },
        {
            content: "It says what will be done",
            trigger: ".modal [name=preview]:contains(New blocks: 120)",
        },
        {
            content: "Do it",
            trigger: ".modal button[name=action_apply]",
            run: "click",
        },
        {
            content: "The week stands in the calendar",
            trigger: ".o_calendar_view .fc-event:contains(Telemarketing)",
        },
    ],
});

function kind(name) {
    return `.o_working_day_kind:contains(${name})`;
}

tours.add("sales_funnel_control.working_day", {
    steps: () => [
        {
            content: "The clock stands; begin with calls",
            trigger: kind("Telemarketing"),
            run: "click",
        },
        {
            content: "The clock runs",
            trigger: ".o_working_day_running:contains(Telemarketing)",
        },
        {
            content: "A quarter of an hour was forgotten",
            trigger: ".o_working_day_add",
            run: "click",
        },
        {
            trigger: `.o_working_day_adding ${kind("Documents")}`,
            run: "click",
        },
        {
            content: "It is noted, and the calls go on",
            trigger: ".o_working_day_notes li:contains(Documents):contains(15 min)",
        },
        {
            content: "Leave for a meeting: one tap",
            trigger: `.o_working_day_kinds:not(.o_working_day_adding) ${kind("Meetings")}`,
            run: "click",
        },
        {
            trigger: ".o_working_day_running:contains(Meetings)",
        },
        {
            content: "Say with whom",
            trigger: ".o_working_day_note",
            run: "edit Romashka, with the director && press Enter",
        },
        {
            trigger: ".o_working_day_notes:contains(Romashka)",
        },
        {
            content: "Stop the clock",
            trigger: ".o_working_day_stop",
            run: "click",
        },
        {
            content: "No page is wider than the phone",
            trigger: ".o_working_day_now:contains(The clock is stopped)",
            run() {
                const {scrollWidth, clientWidth} = document.documentElement;
                if (scrollWidth > clientWidth) {
                    throw new Error(`The page is ${scrollWidth - clientWidth} px too wide.`);
                }
            },
        },
    ],
});
