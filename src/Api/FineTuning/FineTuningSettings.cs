using Fovea.Models;

namespace Fovea.Api;

/// <summary>The settings of fine-tuning, under <c>Fovea</c>.</summary>
internal sealed record FineTuningSettings
{
    /// <summary>What this process does: <c>serve</c> answers requests, <c>train</c> works at jobs, <c>both</c> does both. Default both. On the command line also <c>--role</c>.</summary>
    public string Role { get; init; } = "both";

    /// <summary>Where the state of the jobs is: how to connect to a PostgreSQL server, such as <c>Host=db;Database=fovea;Username=fovea;Password=...</c>; empty: in the file <c>fovea.db</c> of the folder <see cref="Settings.Data"/>. Default empty.</summary>
    public string Database { get; init; } = "";

    /// <summary>The jobs that a worker works at at the same time, 1 to 64. Default 1. The rest waits.</summary>
    public int TrainingJobs { get; init; } = 1;

    /// <summary>The processors that training uses, 0 to 1,024; 0: half of those that there are. Default 0. A job keeps the number with which it began.</summary>
    public int TrainingThreads { get; init; }

    /// <summary>How much memory a training process may have resident, in bytes, 0 to 1 PiB; 0: any. Default 0. One that has more is ended, and its job fails.</summary>
    public long TrainingMemoryBytes { get; init; }

    /// <summary>How long a training process may say nothing, in seconds, 1 to 86,400. Default 1,800. One that is silent for longer is ended, and its job fails.</summary>
    public int TrainingSilenceSeconds { get; init; } = 1_800;

    /// <summary>The time between two checkpoints within an epoch, in seconds, 0 to 86,400. Default 60. A worker that is lost loses at most that much of its work.</summary>
    public int CheckpointSeconds { get; init; } = 60;

    /// <summary>How long a worker of many may not be heard of before another takes its jobs over, in seconds, 5 to 3,600. Default 30.</summary>
    public int TakeoverSeconds { get; init; } = 30;

    /// <summary>The jobs that have not ended, 1 to 100,000. Default 1,000. One more is refused with 429.</summary>
    public int MaxJobs { get; init; } = 1_000;

    /// <summary>Whether this process answers requests.</summary>
    public bool Serves => Role is not "train";

    /// <summary>Whether this process works at jobs.</summary>
    public bool Trains => Role is not "serve";

    /// <summary>The processors that a job which begins here uses.</summary>
    public int Threads => TrainingThreads > 0 ? TrainingThreads : Math.Max(1, Environment.ProcessorCount / 2);

    /// <summary>Reads the settings and checks their ranges.</summary>
    /// <exception cref="FoveaException">A value is of the wrong kind, or out of its range.</exception>
    public static FineTuningSettings Read(IConfiguration configuration)
    {
        var settings = Settings.Bind<FineTuningSettings>(configuration);
        settings = configuration["role"] is { } role ? settings with { Role = role } : settings;
        if (settings.Role is not ("serve" or "train" or "both"))
        {
            throw new FoveaException(ErrorCode.BadArgument, $"The role is {settings.Role}; expected serve, train or both.");
        }

        Settings.Check(settings.TrainingJobs, 1, 64);
        Settings.Check(settings.TrainingThreads, 0, 1_024);
        Settings.Check(settings.TrainingMemoryBytes, 0, 1L << 50);
        Settings.Check(settings.TrainingSilenceSeconds, 1, 86_400);
        Settings.Check(settings.CheckpointSeconds, 0, 86_400);
        Settings.Check(settings.TakeoverSeconds, 5, 3_600);
        Settings.Check(settings.MaxJobs, 1, 100_000);
        return settings;
    }
}
