using System.Collections.Concurrent;

namespace Fovea.Api.Tests.Robustness.Stress;

/// <summary>The findings of a stress run: the number of answers with each status, and all errors.</summary>
internal sealed class StressFindings
{
    private readonly ConcurrentDictionary<int, int> answers = [], administered = [];
    private readonly ConcurrentQueue<string> faults = [];
    private long right;

    /// <summary>The number of correct answers so far.</summary>
    public long Right => Interlocked.Read(ref right);

    /// <summary>The errors so far.</summary>
    public IReadOnlyCollection<string> Faults => faults;

    /// <summary>Records an answer to a classify request. An answer with 200 must be correct; 404, 429 and 503 are allowed.</summary>
    public void Answered(int status, string path, string text, string? whyWrong)
    {
        answers.AddOrUpdate(status, 1, (_, count) => count + 1);
        if (status == 200 && whyWrong is null)
        {
            Interlocked.Increment(ref right);
        }
        else if (status is not (404 or 429 or 503))
        {
            faults.Enqueue($"{path} was answered with {status}: {whyWrong ?? text}");
        }
    }

    /// <summary>Records an answer to an administrative request. Refusals are allowed, errors of the service are not.</summary>
    public void Administered(int status, string text)
    {
        administered.AddOrUpdate(status, 1, (_, count) => count + 1);
        if (status is not (200 or 201 or 204 or 404 or 409 or 422 or 503))
        {
            faults.Enqueue($"{text} was answered with {status}");
        }
    }

    /// <summary>Records a log message of a service that is an error or has an exception.</summary>
    public void Logged(IEnumerable<string> lines)
    {
        foreach (var line in lines)
        {
            faults.Enqueue($"The log says: {line}");
        }
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"classify {Counts(answers)}; administer {Counts(administered)}; {faults.Count} faults"
        + string.Concat(faults.Take(10).Select(fault => $"\n  {fault}"));

    private static string Counts(IEnumerable<KeyValuePair<int, int>> counts) =>
        string.Join(", ", counts.OrderBy(count => count.Key).Select(count => $"{count.Value} x {count.Key}"));
}
