using System.Text.Json;
using Fovea.Api.Problems;

namespace Fovea.Api.Jobs;

// States and transitions:
//
//   validating_files ──Enter──► queued ──TryBegin──► running ──Succeed──► succeeded
//                                 ▲ ◄──Release──────── │ ────Fail──────► failed
//                                 └──Resume── paused ◄─┘ Pause           (Cancel, from any state before these: cancelled)
//
/// <summary>
/// A fine-tuning job: a row of the database. Only the methods of this class change its state. Times are Unix times in milliseconds.
/// </summary>
internal sealed class Job
{
    private readonly List<JobEvent> news = [];

    /// <summary>The id: ftjob- and 32 hexadecimal digits. The digits begin with the time, so ids sort by age.</summary>
    public required string Id { get; init; }

    /// <summary>The name of the model that training starts from.</summary>
    public required string Model { get; init; }

    /// <summary>
    /// The version of <see cref="Model"/> that training starts from, from 1. 0: <see cref="Model"/> names a pretrained base, which is not
    /// in the model repository.
    /// </summary>
    public required int BaseVersion { get; init; }

    /// <summary>The id of the data set.</summary>
    public required string Dataset { get; init; }

    /// <summary>The data set's name, which its owner chose; null: it has none, or an older release created the job.</summary>
    public string? DatasetName { get; init; }

    /// <summary>The end of the trained model's name.</summary>
    public required string Suffix { get; init; }

    /// <summary>
    /// The name of the trained model: the base model's name, a hyphen and the suffix. If the base model's name already ends with the hyphen
    /// and the suffix, the trained model has the same name.
    /// </summary>
    public required string FineTunedModel { get; init; }

    /// <summary>The method of training: head, full or auto.</summary>
    public required string Method { get; set; }

    /// <summary>The number of passes over the training images, from 1; null: auto, and not chosen yet.</summary>
    public int? Epochs { get; set; }

    /// <summary>The number of images in a step, from 1; null: auto, and not chosen yet.</summary>
    public int? BatchSize { get; set; }

    /// <summary>The highest learning rate of the run, above 0; null: auto, and not chosen yet.</summary>
    public double? LearningRate { get; set; }

    /// <summary>The seed of all random numbers.</summary>
    public required long Seed { get; init; }

    /// <summary>Whether the job itself publishes its model, if the model is not worse than the version that serves.</summary>
    public required bool PublishesItself { get; init; }

    /// <summary>Notes that the caller sent with the job, a JSON object; null: none.</summary>
    public string? Metadata { get; init; }

    /// <summary>The state of the job.</summary>
    public JobStatus Status { get; set; }

    /// <summary>The time at which the job was created.</summary>
    public required long CreatedAt { get; init; }

    /// <summary>The time at which the job ended; null: it has not ended.</summary>
    public long? FinishedAt { get; set; }

    /// <summary>The time at which training will end, estimated from the speed so far; null: unknown.</summary>
    public long? EstimatedFinish { get; set; }

    /// <summary>
    /// The number of processors that training uses; 0: the job has not begun. The order of floating-point sums depends on this number, so a
    /// worker that takes the job over uses the same number.
    /// </summary>
    public int Threads { get; set; }

    /// <summary>
    /// The version number of the trained model; null: not chosen yet. It is saved before the file is added to the repository, so that the
    /// file is added only once.
    /// </summary>
    public int? Version { get; set; }

    /// <summary>Whether the job publishes <see cref="Version"/>.</summary>
    public bool Published { get; set; }

    /// <summary>The error code of a failed job; null: it has not failed.</summary>
    public string? ErrorCode { get; set; }

    /// <summary>The reason why the job failed, a sentence; null: it has not failed.</summary>
    public string? ErrorMessage { get; set; }

    /// <summary>
    /// The fencing number. It grows by one each time a worker takes the job, and when the job is cancelled. A worker that holds a lower
    /// number has lost the job, and its writes are refused.
    /// </summary>
    public long Fence { get; set; }

    /// <summary>The name of the worker that runs the job; null: no worker runs it.</summary>
    public string? Worker { get; set; }

    /// <summary>The number of renewals of the lease. If it no longer grows, the other workers know that the job's worker is lost.</summary>
    public long Heartbeats { get; set; }

    /// <summary>
    /// The id of the queue entry that may start the job; other entries do nothing. Null: the job must be added to the queue.
    /// </summary>
    public string? QueueEntry { get; set; }

    /// <summary>The number of the newest event; events are counted from 1.</summary>
    public long Events { get; set; }

    /// <summary>
    /// The number of changes. It reveals that two changes were made at the same time: the second one is then repeated on the new row.
    /// </summary>
    public long Revision { get; set; }

    /// <summary>The time of the change that is being made. <see cref="JobStore"/> sets it before each change; it is not stored.</summary>
    public long At { get; set; }

    /// <summary>Whether training starts from a pretrained base instead of a model of the repository.</summary>
    public bool StartsFromPretrained => BaseVersion == 0;

    /// <summary>The name of the model that training starts from, with its version if it is in the repository, for messages.</summary>
    public string Start => StartsFromPretrained ? Model : $"{Model} version {BaseVersion}";

    /// <summary>Whether the job has reached a final state.</summary>
    public bool HasEnded => Status is JobStatus.Succeeded or JobStatus.Failed or JobStatus.Cancelled;

    /// <summary>Whether the job waits for a worker.</summary>
    public bool IsWaiting => Status is JobStatus.ValidatingFiles or JobStatus.Queued;

    /// <summary>The events added since the job was read. Not stored with the job.</summary>
    public IReadOnlyList<JobEvent> News => news;

    /// <summary>Adds an event to the job.</summary>
    public void Tell(string message, string level = JobEvent.Info, JobMetrics? metrics = null) => news.Add(new()
    {
        JobId = Id,
        Number = ++Events,
        CreatedAt = At,
        Level = level,
        Message = message,
        Data = metrics?.ToJson(),
    });

    /// <summary>Gives the job to a worker that has received an entry of the queue.</summary>
    /// <param name="entry">The id of the entry.</param>
    /// <param name="worker">The worker's name.</param>
    /// <param name="threads">The number of processors for training; used only if the job has not begun before.</param>
    /// <returns>True if the worker now has the job; false if the job does not wait, or names another entry.</returns>
    public bool TryBegin(string entry, string worker, int threads)
    {
        if (!IsWaiting || (QueueEntry ?? entry) != entry)
        {
            return false;
        }

        (Status, QueueEntry, Worker, Fence, Threads) = (JobStatus.Running, entry, worker, Fence + 1, Threads == 0 ? threads : Threads);
        Tell(Fence == 1 ? "The job has begun." : "The job goes on from its last checkpoint.");
        return true;
    }

    /// <summary>
    /// Stores the id of the queue entry of a waiting job that has none. A second entry changes nothing, and does not start the job.
    /// </summary>
    /// <param name="entry">The id of the entry.</param>
    public void Enter(string entry)
    {
        if (QueueEntry is null && IsWaiting)
        {
            if (Status is JobStatus.ValidatingFiles)
            {
                Tell("The model and the data set exist. The job is queued.");
            }

            (Status, QueueEntry) = (JobStatus.Queued, entry);
        }
    }

    /// <summary>Removes the id of an entry that the queue has lost, so that the job is added to the queue again.</summary>
    /// <returns>Whether the job waited and named this entry.</returns>
    public bool ForgetEntry(string entry)
    {
        if (!IsWaiting || QueueEntry != entry)
        {
            return false;
        }

        QueueEntry = null;
        return true;
    }

    /// <summary>Puts a running job back into the queue, because its worker stops or is lost.</summary>
    /// <param name="reason">A sentence for the job's events.</param>
    public void Release(string reason)
    {
        if (Status is JobStatus.Running)
        {
            Tell(reason);
            (Status, QueueEntry, Worker, EstimatedFinish) = (JobStatus.Queued, null, null, null);
        }
    }

    /// <summary>Pauses the job.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.Conflict"/>: the job is paused already, or has ended.</exception>
    public void Pause()
    {
        Require(IsWaiting || Status is JobStatus.Running, "paused", "a job that is validating_files, queued or running");
        (Status, QueueEntry, Worker, EstimatedFinish) = (JobStatus.Paused, null, null, null);
        Tell("The job is paused.");
    }

    /// <summary>Queues a paused job.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.Conflict"/>: the job is not paused.</exception>
    public void Resume()
    {
        Require(Status is JobStatus.Paused, "resumed", "a job that is paused");
        Status = JobStatus.Queued;
        Tell("The job is queued again.");
    }

    /// <summary>Cancels the job. The fencing number grows, so that the worker that runs the job loses it.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.Conflict"/>: the job has ended.</exception>
    public void Cancel()
    {
        Require(!HasEnded, "cancelled", "a job that has not ended");
        Fence++;
        End(JobStatus.Cancelled);
        Tell("The job is cancelled.");
    }

    /// <summary>Ends the job with an error.</summary>
    /// <param name="code">The error code of the problem document.</param>
    /// <param name="message">The reason, a sentence.</param>
    public void Fail(string code, string message)
    {
        (ErrorCode, ErrorMessage) = (code, message);
        End(JobStatus.Failed);
        Tell(message, JobEvent.Error);
    }

    /// <summary>Ends the job successfully: its model is in the repository.</summary>
    /// <param name="message">A sentence for the job's events.</param>
    public void Succeed(string message)
    {
        End(JobStatus.Succeeded);
        Tell(message, metrics: new() { Version = Version });
    }

    private void End(JobStatus status) => (Status, FinishedAt, EstimatedFinish, QueueEntry, Worker) = (status, At, null, null, null);

    private void Require(bool holds, string what, string expected)
    {
        if (!holds)
        {
            var status = JsonNamingPolicy.SnakeCaseLower.ConvertName(Status.ToString());
            throw new ServiceException(ServiceError.Conflict, $"{Id} is {status} and cannot be {what}; expected {expected}.");
        }
    }
}
