using System.Collections.Concurrent;

namespace Fovea.Api.Tests.Robustness;

/// <summary>What stress has seen: how often each status, and everything that must not be.</summary>
internal sealed class StressFindings
{
    private readonly ConcurrentDictionary<int, int> answers = [], administered = [];
    private readonly ConcurrentQueue<string> faults = [];
    private long right;

    /// <summary>The right answers so far.</summary>
    public long Right => Interlocked.Read(ref right);

    /// <summary>What must not be.</summary>
    public IReadOnlyCollection<string> Faults => faults;

    /// <summary>Notes an answer to a request to classify: 200 is to be right; 404, 429 and 503 may be.</summary>
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

    /// <summary>Notes an answer to an administrator: refusals may be, errors of the service may not.</summary>
    public void Administered(int status, string text)
    {
        administered.AddOrUpdate(status, 1, (_, count) => count + 1);
        if (status is not (200 or 201 or 204 or 404 or 409 or 422 or 503))
        {
            faults.Enqueue($"{text} was answered with {status}");
        }
    }

    /// <summary>Notes what a service has logged as an error, or with an exception.</summary>
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
