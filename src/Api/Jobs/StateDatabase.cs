using System.Data.Common;
using Fovea.Api.Configuration;
using Fovea.Api.Problems;
using Fovea.Models.Files;
using Fovea.Models.Graphs;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;

namespace Fovea.Api.Jobs;

/// <summary>
/// The database of the fine-tuning jobs: the PostgreSQL server of the setting Database, or a SQLite file if that setting is empty. Its
/// tables are created or upgraded at the first use.
/// </summary>
internal sealed class StateDatabase : IDisposable
{
    // SQLite's error code SQLITE_CONSTRAINT_UNIQUE.
    private const int SqliteUnique = 2_067;

    // Processes that start at the same time may create the same tables. A process whose attempt fails retries at most this many times.
    private const int MostRetries = 20;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Others = UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private readonly string file;
    private readonly DbContextOptions<FineTuningContext> options;
    private readonly SemaphoreSlim preparing = new(1);
    private volatile bool isReady;

    public StateDatabase(Settings settings, FineTuningSettings fineTuning)
    {
        file = Path.Combine(settings.Data, "fovea.db");
        IsShared = fineTuning.Database.Length > 0;
        var builder = new DbContextOptionsBuilder<FineTuningContext>()

            // The migrations are written by hand and have no model snapshot. A test compares their tables with those of FineTuningContext.
            .ConfigureWarnings(warnings => warnings.Ignore(RelationalEventId.PendingModelChangesWarning));
        options = (IsShared ? builder.UseNpgsql(fineTuning.PooledDatabase) : builder.UseSqlite($"Data Source={file}")).Options;
    }

    /// <summary>True: the database is a server, which several machines may use. False: it is a file, which one machine uses.</summary>
    public bool IsShared { get; }

    /// <summary>
    /// Whether the database may exist: always true for a server, and for a file while its disk is gone. False: there are no jobs, and a
    /// read need not create the database.
    /// </summary>
    public bool IsMade => Exists || FixedFolders.MissingAbove(file) is not null;

    /// <summary>Whether the database exists: always true for a server, and false for a file while its disk is gone.</summary>
    public bool Exists => IsShared || File.Exists(file);

    /// <summary>
    /// Whether an error means that the database could not be reached or written to, so that the same call may succeed later. False for an
    /// error about the written values.
    /// </summary>
    public static bool IsAway(Exception e) => Causes(e).Any(cause => cause is DbException or DbUpdateException)
        && !Causes(e).Any(cause => cause is PostgresException { SqlState: ['2', '2' or '3', ..] });

    /// <summary>Whether an error means that another row already has a value that must be unique.</summary>
    public static bool IsTaken(Exception e) => Causes(e).Any(cause =>
        cause is SqliteException { SqliteExtendedErrorCode: SqliteUnique }
            or PostgresException { SqlState: PostgresErrorCodes.UniqueViolation });

    /// <summary>The database's own message in an error, without a full stop.</summary>
    public static string Reason(Exception e) => (Causes(e).OfType<DbException>().FirstOrDefault() ?? e).Message.TrimEnd('.');

    /// <summary>Returns a new Entity Framework context. The first call creates or upgrades the tables.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.Unavailable"/>: the database cannot be reached or created.</exception>
    public async Task<FineTuningContext> Open(CancellationToken stop)
    {
        if (!isReady)
        {
            await Prepare(stop);
        }

        return new FineTuningContext(options);
    }

    /// <summary>
    /// Opens a connection of its own, outside the pool, for listening. The server is asked after 10 s without a message whether it still
    /// answers, because the end of a silent connection may otherwise stay unnoticed.
    /// </summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.Unavailable"/>: the database cannot be reached or created.</exception>
    /// <exception cref="DbException">The database cannot be reached now.</exception>
    public async Task<DbConnection> Connect(CancellationToken stop)
    {
        await using var context = await Open(stop);
        var address = context.Database.GetConnectionString();
        DbConnection connection = IsShared
            ? new NpgsqlConnection(new NpgsqlConnectionStringBuilder(address) { Pooling = false, KeepAlive = 10 }.ConnectionString)
            : new SqliteConnection(new SqliteConnectionStringBuilder(address) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(stop);
        return connection;
    }

    /// <summary>
    /// Locks the database file for the jobs of this process, until the result is disposed of or the process ends. Null: another process
    /// holds the lock.
    /// </summary>
    public FileStream? TryLock() => TryLock("worker");

    /// <inheritdoc/>
    public void Dispose() => preparing.Dispose();

    private static IEnumerable<Exception> Causes(Exception e)
    {
        for (var cause = e; cause is not null; cause = cause.InnerException)
        {
            yield return cause;
        }
    }

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
            var expected = IsShared
                ? "the PostgreSQL server of Fovea:Database to answer"
                : "Fovea:Data to be a folder that the service may write to";
            throw new ServiceException(
                ServiceError.Unavailable, $"The database of the fine-tuning jobs cannot be opened: {Reason(e)}. Expected {expected}.", e);
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

        FixedFolders.MakeFolder(Path.GetDirectoryName(file)!);
        FileStream? alone;
        while ((alone = TryLock("migration")) is null)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), stop);
        }

        await using (alone)
        {
            HideFromOthers();
            await context.Database.ExecuteSqlRawAsync("PRAGMA journal_mode = 'wal'", stop);

            // A process that is killed during a migration leaves this table behind. The next migration would wait forever for the table to
            // disappear.
            await context.Database.ExecuteSqlRawAsync("DROP TABLE IF EXISTS \"__EFMigrationsLock\"", stop);
            await context.Database.MigrateAsync(stop);
        }
    }

    // Creates the database file so that only its owner may read it, before SQLite opens it. SQLite gives the -wal and -shm files beside it
    // the same mode.
    private void HideFromOthers()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        if (!File.Exists(file))
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly };
            new FileStream(file, options).Dispose();
        }

        foreach (var each in new[] { file, $"{file}-wal", $"{file}-shm" }.Where(File.Exists))
        {
            try
            {
                File.SetUnixFileMode(each, File.GetUnixFileMode(each) & ~Others);
            }
            catch (UnauthorizedAccessException)
            {
                // The file belongs to another user, who has shared it with the service's user on purpose.
            }
        }
    }

    private static bool IsMadeByAnother(PostgresException e) =>
        e.SqlState is PostgresErrorCodes.DuplicateDatabase or PostgresErrorCodes.DuplicateTable or PostgresErrorCodes.DuplicateColumn
            or PostgresErrorCodes.UniqueViolation;

    // A migration is one transaction. If another process is running the same migration, this one fails, tries again, and then finds the
    // tables.
    private static async Task MigrateShared(FineTuningContext context, CancellationToken stop)
    {
        for (int left = MostRetries; ; left--)
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

    // Returns null if another process holds the lock. The operating system releases the lock when the process ends, even if it is killed.
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
