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
/// A fine-tuning job: a row of the database. Its methods are the only changes that can happen to it. Times are Unix times in milliseconds.
/// </summary>
internal sealed class Job
{
    private readonly List<JobEvent> news = [];

    /// <summary>The id: ftjob- and 32 hexadecimal digits. The digits begin with the time, so ids sort by age.</summary>
    public required string Id { get; init; }

    /// <summary>The name of the model that training starts from.</summary>
    public required string Model { get; init; }

    /// <summary>
    /// The version of <see cref="Model"/> that training starts from, from 1; 0: <see cref="Model"/> is a pretrained base, and not in the
    /// repository.
    /// </summary>
    public required int BaseVersion { get; init; }

    /// <summary>The id of the data set.</summary>
    public required string Dataset { get; init; }

    /// <summary>The name that the data set's owner gave it; null: none, or an older service has created the job.</summary>
    public string? DatasetName { get; init; }

    /// <summary>The end of the trained model's name.</summary>
    public required string Suffix { get; init; }

    /// <summary>
    /// The name of the trained model: the base model's name, a hyphen and the suffix; the base model's name where that ends so already.
    /// </summary>
    public required string FineTunedModel { get; init; }

    /// <summary>head, full or auto.</summary>
    public required string Method { get; set; }

    /// <summary>Passes over the training images, from 1; null: auto, and not chosen yet.</summary>
    public int? Epochs { get; set; }

    /// <summary>Images in a step, from 1; null: auto, and not chosen yet.</summary>
    public int? BatchSize { get; set; }

    /// <summary>The highest learning rate, over 0; null: auto, and not chosen yet.</summary>
    public double? LearningRate { get; set; }

    /// <summary>The seed of all random numbers.</summary>
    public required long Seed { get; init; }

    /// <summary>Whether the job publishes its model by itself when the model is not worse than the one that serves.</summary>
    public required bool PublishesItself { get; init; }

    /// <summary>The caller's notes, a JSON object; null: none.</summary>
    public string? Metadata { get; init; }

    /// <summary>The state.</summary>
    public JobStatus Status { get; set; }

    /// <summary>When the job was created.</summary>
    public required long CreatedAt { get; init; }

    /// <summary>When the job ended; null: it has not.</summary>
    public long? FinishedAt { get; set; }

    /// <summary>When the job will end, estimated from the speed so far; null: unknown.</summary>
    public long? EstimatedFinish { get; set; }

    /// <summary>
    /// The processors that training uses; 0: not begun. The order of floating-point sums depends on this number, so a worker that takes the
    /// job over uses the same.
    /// </summary>
    public int Threads { get; set; }

    /// <summary>
    /// The version of the trained model; null: not chosen yet. It is saved before the file is added, so the file is added once.
    /// </summary>
    public int? Version { get; set; }

    /// <summary>Whether the job publishes that version.</summary>
    public bool Published { get; set; }

    /// <summary>The kind of error of a failed job.</summary>
    public string? ErrorCode { get; set; }

    /// <summary>The reason why the job failed.</summary>
    public string? ErrorMessage { get; set; }

    /// <summary>
    /// The fencing number: it grows by one each time a worker takes the job. A worker that holds a lower number has lost the job, and its
    /// writes are refused.
    /// </summary>
    public long Fence { get; set; }

    /// <summary>The worker that holds the job; null: no worker does.</summary>
    public string? Worker { get; set; }

    /// <summary>Counts the renewals of the lease. A count that stands still shows the other workers that the holder is lost.</summary>
    public long Heartbeats { get; set; }

    /// <summary>The entry of the queue that may start the job; entries with other ids do nothing. Null: the job must be entered.</summary>
    public string? QueueEntry { get; set; }

    /// <summary>The number of the newest event; events are counted from 1.</summary>
    public long Events { get; set; }

    /// <summary>Counts the changes. Of two changes made at the same time, the second is repeated on top of the first.</summary>
    public long Revision { get; set; }

    /// <summary>The time of the change that is being made. Not stored; the store sets it before each change.</summary>
    public long At { get; set; }

    /// <summary>Whether training starts from a pretrained base.</summary>
    public bool StartsFromPretrained => BaseVersion == 0;

    /// <summary>The start of training, in words: a pretrained base, or a version of a model.</summary>
    public string Start => StartsFromPretrained ? Model : $"{Model} version {BaseVersion}";

    /// <summary>Whether the job has reached a final state.</summary>
    public bool HasEnded => Status is JobStatus.Succeeded or JobStatus.Failed or JobStatus.Cancelled;

    /// <summary>Whether the job waits for a worker.</summary>
    public bool IsWaiting => Status is JobStatus.ValidatingFiles or JobStatus.Queued;

    /// <summary>The events added since the job was read. Not stored with the job.</summary>
    public IReadOnlyList<JobEvent> News => news;

    /// <summary>Adds an event.</summary>
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
    /// <param name="worker">The worker.</param>
    /// <param name="threads">The processors to train with, if the job has not begun before.</param>
    /// <returns>Whether the worker has the job now. False: the job does not wait, or another entry stands for it.</returns>
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
    /// Notes the queue's entry for a job that waits without one. A second entry changes nothing, and does nothing when it runs.
    /// </summary>
    public void Enter(string entry)
    {
        if (QueueEntry is null && IsWaiting)
        {
            if (Status is JobStatus.ValidatingFiles)
            {
                Tell("The model and the data set were found; the job is queued.");
            }

            (Status, QueueEntry) = (JobStatus.Queued, entry);
        }
    }

    /// <summary>Forgets an entry that the queue has lost, so that the job is entered again.</summary>
    public void ForgetEntry(string entry)
    {
        if (IsWaiting && QueueEntry == entry)
        {
            QueueEntry = null;
        }
    }

    /// <summary>Puts the job back into the queue, because its worker stops or is lost.</summary>
    public void Release(string reason)
    {
        if (Status is JobStatus.Running)
        {
            Tell(reason);
            (Status, QueueEntry, Worker, EstimatedFinish) = (JobStatus.Queued, null, null, null);
        }
    }

    /// <summary>Pauses the job.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.Conflict"/>: it is paused already, or has ended.</exception>
    public void Pause()
    {
        Require(IsWaiting || Status is JobStatus.Running, "paused", "validating_files, queued or running");
        (Status, QueueEntry, Worker, EstimatedFinish) = (JobStatus.Paused, null, null, null);
        Tell("The job is paused.");
    }

    /// <summary>Queues a paused job.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.Conflict"/>: it is not paused.</exception>
    public void Resume()
    {
        Require(Status is JobStatus.Paused, "resumed", "paused");
        Status = JobStatus.Queued;
        Tell("The job is queued again.");
    }

    /// <summary>Ends the job for good. The fencing number grows, so that the worker which holds the job loses it.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.Conflict"/>: it has ended.</exception>
    public void Cancel()
    {
        Require(!HasEnded, "cancelled", "one that has not ended");
        Fence++;
        End(JobStatus.Cancelled);
        Tell("The job is cancelled.");
    }

    /// <summary>Ends the job with an error.</summary>
    public void Fail(string code, string message)
    {
        (ErrorCode, ErrorMessage) = (code, message);
        End(JobStatus.Failed);
        Tell(message, JobEvent.Error);
    }

    /// <summary>Ends the job with its model.</summary>
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
