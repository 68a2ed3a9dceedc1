using System.Text.Json;
using System.Text.Json.Nodes;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>A fine-tuning job as the database has it. Its methods are all that can happen to it; times are Unix times in milliseconds.</summary>
internal sealed class Job
{
    private readonly List<JobEvent> news = [];

    /// <summary>Its name: ftjob- and 32 hexadecimal digits, which begin with the time, so that names sort by age.</summary>
    public required string Id { get; init; }

    /// <summary>The model that it begins with, and the version of it.</summary>
    public required string Model { get; init; }

    /// <summary>The version of the model that it begins with.</summary>
    public required int BaseVersion { get; init; }

    /// <summary>The data set.</summary>
    public required string Dataset { get; init; }

    /// <summary>What the name of the trained model ends in.</summary>
    public required string Suffix { get; init; }

    /// <summary>The name of the model that comes out: the model's, a hyphen and the suffix.</summary>
    public required string FineTunedModel { get; init; }

    /// <summary>head, full or auto.</summary>
    public required string Method { get; set; }

    /// <summary>Passes over the training images; null until they are known, if they were not asked for.</summary>
    public int? Epochs { get; set; }

    /// <summary>Images in a step; null as for <see cref="Epochs"/>.</summary>
    public int? BatchSize { get; set; }

    /// <summary>The highest learning rate; null as for <see cref="Epochs"/>.</summary>
    public double? LearningRate { get; set; }

    /// <summary>What all randomness comes from.</summary>
    public required long Seed { get; init; }

    /// <summary>Whether what is not worse than what serves is published without being asked for.</summary>
    public required bool PublishesItself { get; init; }

    /// <summary>What the caller noted down, a JSON object.</summary>
    public string? Metadata { get; init; }

    /// <summary>How far it is.</summary>
    public JobStatus Status { get; set; }

    public required long CreatedAt { get; init; }

    public long? FinishedAt { get; set; }

    /// <summary>When it will be finished by what was measured so far; null while nothing was.</summary>
    public long? EstimatedFinish { get; set; }

    /// <summary>The processors that training uses, which every worker that goes on with it uses too: sums are made in an order that depends on them. 0: not begun.</summary>
    public int Threads { get; set; }

    /// <summary>The version that the trained model gets, chosen before it goes into the repository, so that it goes there once; null before.</summary>
    public int? Version { get; set; }

    /// <summary>Whether that version serves, or would have served once.</summary>
    public bool Published { get; set; }

    public string? ErrorCode { get; set; }

    public string? ErrorMessage { get; set; }

    /// <summary>Counts the workers that began or went on with it. Who holds a lower number has lost the job and can write nothing any more.</summary>
    public long Fence { get; set; }

    /// <summary>The entry of the queue that stands for it; any other is void. Null where the queue does not know of it (yet).</summary>
    public string? QueueEntry { get; set; }

    /// <summary>The number of its newest event; they are counted from 1.</summary>
    public long Events { get; set; }

    /// <summary>Counts changes, so that of two at the same time one is made again on top of the other.</summary>
    public long Revision { get; set; }

    /// <summary>Whether nothing more will happen to it.</summary>
    public bool HasEnded => Status is JobStatus.Succeeded or JobStatus.Failed or JobStatus.Cancelled;

    /// <summary>The events that were told since it was read.</summary>
    public IReadOnlyList<JobEvent> News => news;

    /// <summary>Tells those who follow it something.</summary>
    public void Tell(string message, string level = JobEvent.Info, JsonObject? metrics = null) => news.Add(new()
    {
        JobId = Id,
        Number = ++Events,
        CreatedAt = Now,
        Level = level,
        Message = message,
        Data = metrics?.ToJsonString(),
    });

    /// <summary>A worker takes it, or takes it over from one that is gone, whose entry of the queue has come back.</summary>
    /// <returns>Whether the entry is the one that stands for it, and there is something to do.</returns>
    public bool TryBegin(string entry, int threads)
    {
        bool waits = Status is JobStatus.ValidatingFiles or JobStatus.Queued && (QueueEntry ?? entry) == entry;
        bool isAlone = Status is JobStatus.Running && QueueEntry == entry;
        if (!waits && !isAlone)
        {
            return false;
        }

        (Status, QueueEntry, Fence, Threads) = (JobStatus.Running, entry, Fence + 1, Threads == 0 ? threads : Threads);
        Tell(Fence == 1 ? "The job has begun." : isAlone ? "The worker was lost; another goes on from the last checkpoint." : "The job goes on from the last checkpoint.");
        return true;
    }

    /// <summary>The queue has an entry for it, unless an earlier one is at work already.</summary>
    public void Enter(string entry)
    {
        if (QueueEntry is null && Status is JobStatus.ValidatingFiles or JobStatus.Queued)
        {
            if (Status is JobStatus.ValidatingFiles)
            {
                Tell("The model and the data set are there; the job is queued.");
            }

            (Status, QueueEntry) = (JobStatus.Queued, entry);
        }
    }

    /// <summary>The worker stops, or is found to have stopped; the next one goes on.</summary>
    public void Release(string reason)
    {
        if (Status is JobStatus.Running)
        {
            Tell(reason);
            Status = JobStatus.Queued;
        }

        (QueueEntry, EstimatedFinish) = (null, null);
    }

    /// <exception cref="FoveaException"><see cref="ErrorCode.Conflict"/>: it is not under way.</exception>
    public void Pause()
    {
        Require(Status is JobStatus.ValidatingFiles or JobStatus.Queued or JobStatus.Running, "paused", "validating_files, queued or running");
        (Status, QueueEntry, EstimatedFinish) = (JobStatus.Paused, null, null);
        Tell("The job is paused.");
    }

    /// <exception cref="FoveaException"><see cref="ErrorCode.Conflict"/>: it is not paused.</exception>
    public void Resume()
    {
        Require(Status is JobStatus.Paused, "resumed", "paused");
        Status = JobStatus.Queued;
        Tell("The job is queued again.");
    }

    /// <exception cref="FoveaException"><see cref="ErrorCode.Conflict"/>: it has ended.</exception>
    public void Cancel()
    {
        Require(!HasEnded, "cancelled", "one that has not ended");

        // Whoever works at it has lost it.
        Fence++;
        End(JobStatus.Cancelled);
        Tell("The job is cancelled.");
    }

    public void Fail(string code, string message)
    {
        (ErrorCode, ErrorMessage) = (code, message);
        End(JobStatus.Failed);
        Tell(message, JobEvent.Error);
    }

    public void Succeed(string message)
    {
        End(JobStatus.Succeeded);
        Tell(message);
    }

    private static long Now => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    private void End(JobStatus status) => (Status, FinishedAt, EstimatedFinish, QueueEntry) = (status, Now, null, null);

    private void Require(bool holds, string what, string expected)
    {
        if (!holds)
        {
            throw new FoveaException(Fovea.Models.ErrorCode.Conflict, $"{Id} is {JsonSerializer.Serialize(Status, FineTuningJson.Default.JobStatus).Trim('"')} and cannot be {what}; expected {expected}.");
        }
    }
}
