using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Fovea.Api.Jobs;

/// <summary>
/// Transactions that tell the listeners of all processes which jobs they change. PostgreSQL sends the notifications when the transaction is
/// committed. SQLite has no notifications; there, <see cref="JobListener"/> notices the commit.
/// </summary>
internal static class AnnouncedTransaction
{
    // A process that stands still within a transaction keeps the job's row locked, so no other worker could take the job over. PostgreSQL
    // ends such a transaction after this time. Between two statements of a transaction the service only waits for the database.
    private const string LongestStandstill = "10s";

    /// <summary>Begins a transaction.</summary>
    /// <param name="context">The context whose changes belong to the transaction.</param>
    /// <param name="notices">The texts of the notifications (<see cref="JobNotice"/>); empty: <see cref="Add"/> adds them later.</param>
    /// <param name="stop">Cancels the call.</param>
    public static async Task<IDbContextTransaction> Begin(FineTuningContext context, string[] notices, CancellationToken stop)
    {
        var transaction = await context.Database.BeginTransactionAsync(stop);
        if (context.Database.IsNpgsql())
        {
            // One statement does both, because each further statement costs a round trip.
            await context.Database.ExecuteSqlAsync(
                $"""
                SELECT set_config('idle_in_transaction_session_timeout', {LongestStandstill}, true),
                    (SELECT count(pg_notify({JobNotice.Channel}, notice)) FROM unnest({notices}) AS notice)
                """,
                stop);
        }

        return transaction;
    }

    /// <summary>
    /// Adds notifications to the transaction of a context. Without a transaction, PostgreSQL sends them at once.
    /// </summary>
    public static async Task Add(FineTuningContext context, string[] notices, CancellationToken stop)
    {
        if (context.Database.IsNpgsql())
        {
            await context.Database.ExecuteSqlAsync(
                $"SELECT count(pg_notify({JobNotice.Channel}, notice)) FROM unnest({notices}) AS notice", stop);
        }
    }
}
