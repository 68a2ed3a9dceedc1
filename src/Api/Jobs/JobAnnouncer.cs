namespace Fovea.Api.Jobs;

/// <summary>
/// Tells waiting code of this process that a job or the queue of jobs has changed. <see cref="JobListener"/> reads the changes from the
/// database once for the whole process, so that not every waiter has to ask the database. Thread-safe.
/// </summary>
internal sealed class JobAnnouncer(TimeProvider time)
{
    private readonly Lock gate = new();

    // The job of each subscription; "" for the queue.
    private readonly Dictionary<JobSubscription, string> subscriptions = [];

    /// <summary>The jobs whose changes are subscribed to.</summary>
    public IReadOnlyList<string> Followed
    {
        get
        {
            lock (gate)
            {
                return [.. subscriptions.Values.Where(job => job.Length > 0).Distinct()];
            }
        }
    }

    /// <summary>Subscribes to the changes of a job: new events, another status.</summary>
    public JobSubscription Follow(string job)
    {
        var subscription = new JobSubscription(End, time);
        lock (gate)
        {
            subscriptions.Add(subscription, job);
        }

        return subscription;
    }

    /// <summary>Subscribes to jobs that begin to wait for a worker, and to entries of the queue.</summary>
    public JobSubscription FollowQueue() => Follow("");

    /// <summary>Announces a change of a job.</summary>
    /// <param name="job">The id of the job.</param>
    /// <param name="isWaiting">Whether the job waits for a worker, so that the queue has changed too.</param>
    public void Announce(string job, bool isWaiting) => Announce(followed => followed == job || (isWaiting && followed.Length == 0));

    /// <summary>Announces that the queue of jobs may have changed.</summary>
    public void AnnounceQueue() => Announce(followed => followed.Length == 0);

    /// <summary>Announces that any job may have changed.</summary>
    public void AnnounceAll() => Announce(_ => true);

    private void Announce(Func<string, bool> concerns)
    {
        lock (gate)
        {
            foreach (var (subscription, followed) in subscriptions)
            {
                if (concerns(followed))
                {
                    subscription.Announce();
                }
            }
        }
    }

    private void End(JobSubscription subscription)
    {
        lock (gate)
        {
            subscriptions.Remove(subscription);
        }
    }
}
