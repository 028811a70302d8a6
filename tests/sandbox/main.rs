//! Contracts of the sandbox, over real HTTP and WebSockets: what any client of Discord relies on.

mod serenity_client;
