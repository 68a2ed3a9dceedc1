using System.Text.Json;
using Spectre.Console;

namespace Fovea.Training;

/// <summary>Shows a training run: a bar on a terminal, plain lines elsewhere, one JSON event per line where another program reads them.</summary>
internal static class ProgressDisplay
{
    private static readonly TimeSpan BetweenPlainLines = TimeSpan.FromSeconds(5), BetweenJsonSteps = TimeSpan.FromSeconds(0.5), LongestFarewell = TimeSpan.FromMinutes(2);

    /// <summary>Does the work, showing what it tells.</summary>
    public static void Run(bool jsonLines, Action<Action<TrainingEvent>, CancellationToken> work, CancellationToken stop)
    {
        if (jsonLines)
        {
            using var stopOrParentGone = CancellationTokenSource.CreateLinkedTokenSource(stop);
            StopWhenInputCloses(stopOrParentGone);
            work(Throttled(BetweenJsonSteps, e => Console.WriteLine(JsonSerializer.Serialize(e, TrainingEventJson.Default.TrainingEvent))), stopOrParentGone.Token);
        }
        else if (!Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities.Interactive)
        {
            TerminalProgress.Run(tell => work(tell, stop));
        }
        else
        {
            work(Throttled(BetweenPlainLines, WriteLine), stop);
        }
    }

    private static Action<TrainingEvent> Throttled(TimeSpan between, Action<TrainingEvent> show)
    {
        long last = 0;
        return e =>
        {
            if (e is not (StepDone or FeaturesDone) || TimeProvider.System.GetElapsedTime(last) >= between)
            {
                last = TimeProvider.System.GetTimestamp();
                show(e);
            }
        };
    }

    private static void WriteLine(TrainingEvent e)
    {
        if (ProgressLine.Of(e) is { } line)
        {
            Console.WriteLine(line);
        }
    }

    // The parent that reads the events holds our standard input open; when it dies, we have nobody left to work for.
    private static void StopWhenInputCloses(CancellationTokenSource stop) => _ = Task.Run(async () =>
    {
        while (await Console.In.ReadLineAsync(stop.Token) is not null)
        {
        }

        await stop.CancelAsync();

        // What hangs cannot be told to stop.
        await Task.Delay(LongestFarewell);
        Environment.Exit(CommandLine.Stopped);
    });
}
