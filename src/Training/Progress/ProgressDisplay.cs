using Fovea.Models.TrainingEvents;
using Spectre.Console;

namespace Fovea.Training.Progress;

/// <summary>
/// Shows the events of a training run: a progress bar on a terminal, lines of text in redirected output, or one JSON event per line for
/// another program.
/// </summary>
internal static class ProgressDisplay
{
    /// <summary>The exit code of an interrupted command, as shells define it: 128 plus the number of SIGINT.</summary>
    public const int StoppedExitCode = 130;

    // Steps are far more frequent than readers need, so at most one step is shown in this time.
    private static readonly TimeSpan BetweenPlainLines = TimeSpan.FromSeconds(5), BetweenJsonSteps = TimeSpan.FromSeconds(0.5);

    private static readonly TimeSpan TerminationTimeout = TimeSpan.FromMinutes(2);

    /// <summary>Runs work that publishes events, and shows the events.</summary>
    /// <param name="jsonLines">Whether to print JSON events. The work is then also cancelled when standard input closes.</param>
    /// <param name="work">The work. Its first parameter receives the events.</param>
    /// <param name="stop">Cancels the work.</param>
    public static void Run(bool jsonLines, Action<Action<TrainingEvent>, CancellationToken> work, CancellationToken stop)
    {
        if (jsonLines)
        {
            using var stopOrParentGone = CancellationTokenSource.CreateLinkedTokenSource(stop);
            StopWhenInputCloses(stopOrParentGone);
            work(Throttled(BetweenJsonSteps, new TrainingEventWriter(Console.Out).Write), stopOrParentGone.Token);
        }
        else if (!Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities.Interactive)
        {
            var progress = new TerminalProgress(Console.Out, () => Console.WindowWidth, TimeProvider.System);
            try
            {
                work(progress.Show, stop);
            }
            finally
            {
                progress.Clear();
            }
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

    // The program that reads the events keeps this process's standard input open. The input closes when that program ends, even if it is
    // killed.
    private static void StopWhenInputCloses(CancellationTokenSource stop) => _ = Task.Run(async () =>
    {
        while (await Console.In.ReadLineAsync(stop.Token) is not null)
        {
        }

        await stop.CancelAsync();

        // Work that hangs ignores the cancellation. So after this time the process ends without waiting for the work.
        await Task.Delay(TerminationTimeout);
        Environment.Exit(StoppedExitCode);
    });
}
