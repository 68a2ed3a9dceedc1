using System.Data.Common;
using Fovea.Models;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;

namespace Fovea.Api;

/// <summary>The database of the jobs: PostgreSQL where the settings name one, else a file. It is made, or brought up to date, when it is first needed.</summary>
internal sealed class StateDatabase : IDisposable
{
    // SQLITE_CONSTRAINT_UNIQUE.
    private const int SqliteUnique = 2_067;

    // How often making a database may meet another process that makes the same.
    private const int MostMeetings = 20;

    private readonly string file;
    private readonly DbContextOptions<FineTuningContext> options;
    private readonly SemaphoreSlim preparing = new(1);
    private volatile bool isReady;

    public StateDatabase(Settings settings, FineTuningSettings fineTuning)
    {
        file = Path.Combine(settings.Data, "fovea.db");
        IsShared = fineTuning.Database.Length > 0;
        var builder = new DbContextOptionsBuilder<FineTuningContext>()

            // The migrations are written by hand, without a picture of the model beside them; a test compares them with it.
            .ConfigureWarnings(warnings => warnings.Ignore(RelationalEventId.PendingModelChangesWarning));
        options = (IsShared ? builder.UseNpgsql(fineTuning.Database) : builder.UseSqlite($"Data Source={file}")).Options;
    }

    /// <summary>Whether it is a server's, which many machines may use.</summary>
    public bool IsShared { get; }

    /// <summary>Whether anybody may have needed it yet. Where not, there are no jobs, and whoever only looks for some need not make it.</summary>
    public bool IsMade => IsShared || File.Exists(file);

    /// <summary>Whether an error says that a database cannot be reached or written to, and nothing about what was asked of it.</summary>
    public static bool IsAway(Exception e) => e is DbException or DbUpdateException || e.InnerException is DbException;

    /// <summary>Whether an error says that another row has what a new one was to have alone.</summary>
    public static bool IsTaken(DbUpdateException e) => e.InnerException is SqliteException { SqliteExtendedErrorCode: SqliteUnique } or DbException { SqlState: PostgresErrorCodes.UniqueViolation };

    /// <summary>What a database said that cannot be reached or written to.</summary>
    public static string Reason(Exception e) => (e.InnerException as DbException ?? e).Message.TrimEnd('.');

    /// <summary>A connection to it.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.Unavailable"/>: it cannot be reached or made.</exception>
    public async Task<FineTuningContext> Open(CancellationToken stop)
    {
        if (!isReady)
        {
            await Prepare(stop);
        }

        return new FineTuningContext(options);
    }

    /// <summary>Lets this process alone work at the jobs of a file; null where another one does.</summary>
    public FileStream? TryLock() => TryLock("worker");

    /// <inheritdoc/>
    public void Dispose() => preparing.Dispose();

    private async Task Prepare(CancellationToken stop)
    {
        await preparing.WaitAsync(stop);
        try
        {
            if (!isReady)
            {
                await Migrate(stop);
                isReady = true;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException || IsAway(e))
        {
            throw new FoveaException(ErrorCode.Unavailable, $"The database of the fine-tuning jobs cannot be opened: {Reason(e)}. Expected {(IsShared ? "the PostgreSQL server of Fovea:Database to answer" : "the folder Fovea:Data to be one that the service may write to")}.", e);
        }
        finally
        {
            preparing.Release();
        }
    }

    private async Task Migrate(CancellationToken stop)
    {
        await using var context = new FineTuningContext(options);
        if (IsShared)
        {
            await MigrateShared(context, stop);
            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        FileStream? alone;
        while ((alone = TryLock("migration")) is null)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), stop);
        }

        await using (alone)
        {
            // A process that was killed while it migrated leaves its mark, on which the next one would wait for ever.
            await context.Database.ExecuteSqlRawAsync("DROP TABLE IF EXISTS \"__EFMigrationsLock\"", stop);
            await context.Database.MigrateAsync(stop);
        }
    }

    private static bool IsMadeByAnother(PostgresException e) =>
        e.SqlState is PostgresErrorCodes.DuplicateDatabase or PostgresErrorCodes.DuplicateTable or PostgresErrorCodes.UniqueViolation;

    // A migration is one transaction: whoever meets another that makes the same begins again, and finds it made.
    private static async Task MigrateShared(FineTuningContext context, CancellationToken stop)
    {
        for (int left = MostMeetings; ; left--)
        {
            try
            {
                await context.Database.MigrateAsync(stop);
                return;
            }
            catch (PostgresException e) when (left > 0 && IsMadeByAnother(e))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(50, 500)), stop);
            }
        }
    }

    // The system gives such a lock up with the process.
    private FileStream? TryLock(string purpose)
    {
        try
        {
            return new FileStream($"{file}.{purpose}", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists($"{file}.{purpose}"))
        {
            return null;
        }
    }
}
