using Fovea.Api.Scheduling;
using Fovea.Api.Serving;
using Fovea.Api.Telemetry;
using Fovea.Models.Runtime;
using Microsoft.Extensions.DependencyInjection;

namespace Fovea.Api.Tests.Robustness.Stress;

/// <summary>
/// Classifies with one scheduler while its set of sessions changes all the time: with and without a session for spread runs, with and
/// without sessions for one slot, with every combination of measured speeds. Batches therefore often run after their set was replaced by
/// a set with other sessions.
/// </summary>
internal sealed class SessionStress : IDisposable
{
    private static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(30);

    private readonly ServiceProvider services =
        new ServiceCollection().AddMetrics().AddSingleton(Device.Cpu).AddSingleton<Metrics>().BuildServiceProvider();

    private readonly Random random;
    private readonly ServedModel served;
    private readonly float[] image;
    private readonly StressFindings findings;

    /// <param name="file">The model file.</param>
    /// <param name="seed">The seed of the sets.</param>
    /// <param name="findings">Receives the answers and the errors.</param>
    public SessionStress(string file, int seed, StressFindings findings)
    {
        (random, this.findings) = (new(seed), findings);
        served = new("model", 1, Classifier.Load(file), places: 64, services.GetRequiredService<Metrics>(), new());
        image = new float[served.Classifier.Input.With(0, 1).Size];
        foreach (ref float value in image.AsSpan())
        {
            value = random.NextSingle();
        }
    }

    /// <summary>Changes the set this number of times; ends early after the first error.</summary>
    public async Task Run(int changes, int clients)
    {
        var first = served.Scheduler.Sessions;
        ModelSession[] oneSlot =
        [
            served.Classifier.Open(SessionKind.OneCore)!, served.Classifier.Open(SessionKind.OneCoreRewritten)!,
        ];
        float[] expected = await served.Logits(image.CopyTo, CancellationToken.None);
        using var over = new CancellationTokenSource();
        Task[] asking = [.. Enumerable.Range(0, clients).Select(_ => Task.Run(() => Ask(expected, over.Token)))];
        for (int i = 0; i < changes && findings.Faults.Count == 0; i++)
        {
            long answered = findings.Right;
            var change = served.Scheduler.Use(Draw(first.Spread!, oneSlot));
            await Task.WhenAny(change, Task.Delay(LongestAnswer));
            await UntilAnswered(answered + random.Next(0, 4));
        }

        await over.CancelAsync();
        await Task.WhenAll(asking);
        if (findings.Faults.Count > 0)
        {
            // After an error, batches of older sets may never end, so the model and its sessions stay open.
            return;
        }

        await served.Scheduler.Use(first);
        foreach (var session in oneSlot)
        {
            session.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (findings.Faults.Count == 0)
        {
            served.Dispose();
        }

        services.Dispose();
    }

    private SessionSet Draw(ModelSession spread, ModelSession[] oneSlot)
    {
        bool hasSpread = random.Next(2) == 0;
        ModelSession[] used = hasSpread && random.Next(3) == 0 ? [] : [oneSlot[random.Next(2)]];
        int size = 1 << random.Next(4);
        return new(hasSpread ? spread : null, used, size, [size, .. size > 1 ? [1] : Array.Empty<int>()])
        {
            OneSlotSeconds = used.Length > 0 ? 0.01 : 0,
            SpreadSeconds = hasSpread ? random.Next(3) * 0.004 : 0,
        };
    }

    private async Task Ask(float[] expected, CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            using var late = new CancellationTokenSource(LongestAnswer);
            try
            {
                float[] logits = await served.Logits(image.CopyTo, late.Token);
                bool isRight = logits.Zip(expected).All(pair => Math.Abs(pair.First - pair.Second) <= 1e-3f);
                findings.Answered(200, "the scheduler", "", isRight ? null : "the logits are of another image or model");
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                findings.Answered(500, "the scheduler", $"{e.GetType().Name}: {e.Message}", null);
                return;
            }
        }
    }

    private async Task UntilAnswered(long images)
    {
        for (int i = 0; i < 6_000 && findings.Right < images && findings.Faults.Count == 0; i++)
        {
            await Task.Delay(5);
        }
    }
}
