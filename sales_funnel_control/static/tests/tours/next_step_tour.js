import {registry} from "@web/core/registry";

const card = (name) => `.o_kanban_record:contains(${name})`;

/** What is stuck is seen on the cards, found by a filter, and explained on the deal. */
registry.category("web_tour.tours").add("sales_funnel_control.next_step", {
    steps: () => [
        {
            content: "A client without a next step says so",
            trigger: `${card("Waits for us")} .o_lead_next_step:contains(No next step)`,
        },
        {
            content: "So does an old one",
            trigger: `${card("Drags on")} .o_lead_cycle:contains(10 days past the normal cycle)`,
        },
        {
            content: "A young one with a plan shows the plan and nothing else",
            trigger: `${card("Goes well")} .o_lead_next_step:contains(Send the offer)`,
        },
        {
            trigger: `${card("Goes well")}:not(:has(.o_lead_cycle))`,
        },
        {
            content: "Find what is overdue",
            trigger: ".o_searchview_dropdown_toggler",
            run: "click",
        },
        {
            trigger: ".o_filter_menu .o_menu_item:contains(Next Step Overdue)",
            run: "click",
        },
        {
            trigger: `.o_kanban_renderer:not(:has(${card("Waits for us")})):not(:has(${card("Goes well")}))`,
        },
        {
            trigger: card("Drags on"),
            run: "click",
        },
        {
            content: "The deal says how late it is",
            trigger: ".o_form_view .o_lead_cycle:contains(10 days past the normal cycle)",
        },
        {
            trigger: ".o_form_view .o_lead_next_step:contains(Ask again):contains(Not Agreed)",
        },
    ],
});
