namespace Fovea.Api;

/// <summary>What a model's runs take, one lane each or all of them: as many lanes as runs go on side by side, one at first. Not for several threads at once.</summary>
internal sealed class Lanes
{
    private readonly Queue<TaskCompletionSource> turns = [];

    /// <summary>All of them.</summary>
    public int Count { get; private set; } = 1;

    /// <summary>Those that are not taken.</summary>
    public int Free { get; private set; } = 1;

    /// <summary>Whether none is taken.</summary>
    public bool AllFree => Free == Count;

    /// <summary>Whether somebody waits for all of them.</summary>
    public bool AreAwaited => turns.Count > 0;

    /// <summary>Makes them so many. To be called by whoever has all, and gives all back.</summary>
    public void Resize(int count) => Count = count;

    /// <summary>Takes so many of the free ones.</summary>
    public void Take(int lanes) => Free -= lanes;

    /// <summary>Gives so many back.</summary>
    public void Give(int lanes) => Free += lanes;

    /// <summary>Takes all of them, in time.</summary>
    public Task TakeAll()
    {
        var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        turns.Enqueue(turn);
        PassTurn();
        return turn.Task;
    }

    /// <summary>Where all are free, gives them to whoever has waited longest for all.</summary>
    public void PassTurn()
    {
        if (AllFree && turns.TryDequeue(out var turn))
        {
            Take(Count);
            turn.SetResult();
        }
    }
}
