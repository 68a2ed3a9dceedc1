using System.Collections.Concurrent;
using System.Data.Common;
using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Fovea.Api.Tests.FineTuning;

/// <summary>
/// Collects the commands that Entity Framework sends to one database from this process, until it is disposed of. Entity Framework reports
/// each command as a diagnostic event, so the service needs no change for the count.
/// </summary>
internal sealed class QueryCount : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>, IDisposable
{
    private readonly string database;
    private readonly ConcurrentQueue<string> commands = [];
    private readonly ConcurrentBag<IDisposable> subscriptions = [];

    /// <param name="database">A part of the connection string of the database.</param>
    public QueryCount(string database)
    {
        this.database = database;
        subscriptions.Add(DiagnosticListener.AllListeners.Subscribe(this));
    }

    /// <summary>Returns the number of commands with this text.</summary>
    public int Of(string text) => commands.Count(command => command.Contains(text, StringComparison.Ordinal));

    public void OnNext(DiagnosticListener value)
    {
        if (value.Name == DbLoggerCategory.Name)
        {
            subscriptions.Add(value.Subscribe(this, name => name == RelationalEventId.CommandExecuting.Name));
        }
    }

    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value.Value is CommandEventData { Command: DbCommand { Connection: { } connection } command }
            && connection.ConnectionString.Contains(database, StringComparison.Ordinal))
        {
            commands.Enqueue(command.CommandText);
        }
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }

    public void Dispose()
    {
        foreach (var subscription in subscriptions)
        {
            subscription.Dispose();
        }
    }
}
